//! An owner's consents, newest first, and their erasure.
//!
//! The index holds keys only: it says which consents there are, and one strongly consistent `BatchGetItem` what they are.
//! The cursor is where the next page begins, sealed for this owner: nothing about it is stored.

use super::{
    Budget, ListError, Loaded, Store, StoreError, Stored,
    accounts::{self, ACCOUNTS},
    budget,
    field::Item,
    is_part, parse,
    row::{CONSENT, is_swept},
    seal::Place,
};
use crate::types::{ConsentId, KeyRing, OwnerId, Timestamp};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use data_encoding::BASE64URL_NOPAD;
use std::collections::HashMap;

/// Consents of one page.
const PAGE: i32 = 20;
/// How often what a batch left out is asked for again.
const BATCHES: u32 = 4;

/// A page of consents, newest first.
#[derive(Debug)]
pub struct Page {
    /// The consents.
    pub consents: Vec<Stored>,
    /// Those of the page that have been kept long enough, though they still rest.
    pub over: Vec<ConsentId>,
    /// Where the next page begins, if there may be one.
    pub next: Option<String>,
}

impl Store {
    /// The page that begins at a cursor, or the first. Two exchanges, one if there is nothing.
    ///
    /// # Errors
    /// [`ListError::Cursor`] for a cursor that is not of this owner.
    pub async fn list(
        &self,
        ring: &KeyRing,
        owner: &OwnerId,
        cursor: Option<&str>,
        now: Timestamp,
    ) -> Result<Page, ListError> {
        let start = cursor.map(|text| self.open_cursor(ring, owner, text)).transpose()?;
        let request =
            self.client.query().table_name(&self.table).index_name("owner").scan_index_forward(false);
        let request = request.key_condition_expression("o = :o").limit(PAGE).set_exclusive_start_key(start);
        let request = request.expression_attribute_values(":o", AttributeValue::S(owner.to_string()));
        let found = request.send().await.map_err(StoreError::from)?;
        let keys: Vec<String> = found.items().iter().filter_map(|item| text(item, "pk")).collect();
        let wanted = keys.iter().map(|partition| item_key(partition, CONSENT)).collect();
        let found_items = self.batch(wanted).await?.into_iter();
        let mut items: HashMap<String, Item> =
            found_items.filter_map(|item| Some((text(&item, "pk")?, item))).collect();
        let sealer = self.sealer(ring);
        // In the order of the index; one that was erased in between is not there any more.
        let rows = keys.iter().filter_map(|key| items.remove(key));
        let (over, rows): (Vec<Item>, Vec<Item>) = rows.partition(|item| is_swept(item, now));
        let over = over.iter().filter_map(|item| ConsentId::parse(&text(item, "pk")?).ok()).collect();
        let consents = rows.iter().map(|item| parse(item, &sealer)).collect::<Result<Vec<_>, _>>()?;
        let next = found.last_evaluated_key().map(|key| self.seal_cursor(ring, owner, key)).transpose()?;
        Ok(Page {
            consents: consents.into_iter().filter(|consent| consent.belongs_to(owner)).collect(),
            over,
            next,
        })
    }

    /// Removes all parts of a consent. What settles later finds no row and is refused.
    pub async fn erase(&self, id: &ConsentId) -> Result<(), StoreError> {
        for part in [ACCOUNTS, CONSENT] {
            let request = self.client.delete_item().table_name(&self.table);
            let request = request.key("pk", AttributeValue::S(id.to_string()));
            request.key("sk", AttributeValue::S(part.to_owned())).send().await?;
        }
        Ok(())
    }

    /// A consent with its account map, and its owner's budget, in one exchange.
    pub async fn get_with_budget(
        &self,
        ring: &KeyRing,
        id: &ConsentId,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<(Loaded, Budget)>, StoreError> {
        let partition = id.to_string();
        let [pk, sk] = budget::key(owner);
        let budget = HashMap::from([("pk".to_owned(), pk.clone()), ("sk".to_owned(), sk)]);
        let parts = vec![item_key(&partition, CONSENT), item_key(&partition, ACCOUNTS), budget];
        let items = self.batch(parts).await?;
        let part = |name: &str| items.iter().find(|item| is_part(item, name));
        let Some(consent) = part(CONSENT).filter(|item| !is_swept(item, now)) else { return Ok(None) };
        let stored = parse(consent, &self.sealer(ring))?;
        let accounts = part(ACCOUNTS).map(accounts::parse).transpose()?;
        let budget = items.iter().find(|item| item.get("pk") == Some(&pk)).cloned();
        Ok(Some((Loaded { stored, accounts }, Budget::of(budget.unwrap_or_default()))))
    }

    /// These items, in no order; what is not there is left out.
    async fn batch(&self, mut wanted: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for _ in 0..BATCHES {
            if wanted.is_empty() {
                return Ok(items);
            }
            let keys = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let keys = keys.map_err(|_| StoreError::Broken("a batch without keys"))?;
            let answer = self.client.batch_get_item().request_items(&self.table, keys).send().await?;
            let rows = answer.responses().and_then(|tables| tables.get(&self.table)).into_iter().flatten();
            items.extend(rows.cloned());
            let left = answer.unprocessed_keys().and_then(|tables| tables.get(&self.table));
            wanted = left.map(|left| left.keys().to_vec()).unwrap_or_default();
        }
        if wanted.is_empty() { Ok(items) } else { Err(StoreError::Unavailable) }
    }

    fn seal_cursor(&self, ring: &KeyRing, owner: &OwnerId, key: &Item) -> Result<String, StoreError> {
        let created =
            key.get("ca").and_then(|value| value.as_n().ok()).ok_or(StoreError::unreadable("ca"))?;
        let id = text(key, "pk").ok_or(StoreError::unreadable("pk"))?;
        let sealed = self.sealer(ring).seal(&place(owner), format!("{created} {id}").as_bytes());
        Ok(BASE64URL_NOPAD.encode(&sealed.map_err(StoreError::unsealed)?))
    }

    fn open_cursor(&self, ring: &KeyRing, owner: &OwnerId, text: &str) -> Result<Item, ListError> {
        let sealed = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| ListError::Cursor)?;
        let plain = self.sealer(ring).open(&place(owner), &sealed).map_err(|_| ListError::Cursor)?;
        let plain = String::from_utf8(plain).map_err(|_| ListError::Cursor)?;
        let (created, id) = plain.split_once(' ').ok_or(ListError::Cursor)?;
        Ok(HashMap::from([
            ("pk".to_owned(), AttributeValue::S(id.to_owned())),
            ("sk".to_owned(), AttributeValue::S(CONSENT.to_owned())),
            ("o".to_owned(), AttributeValue::S(owner.to_string())),
            ("ca".to_owned(), AttributeValue::N(created.to_owned())),
        ]))
    }
}

fn item_key(partition: &str, part: &str) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(partition.to_owned())),
        ("sk".to_owned(), AttributeValue::S(part.to_owned())),
    ])
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

const fn place(owner: &OwnerId) -> Place<'_> {
    Place {
        partition: b"cursor",
        owner: owner.as_bytes(),
        country: None,
        purpose: "consents_cursor",
        generation: 0,
    }
}
