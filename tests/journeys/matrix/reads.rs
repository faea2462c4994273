//! What must hold of reads after a fault: they show what another consent of the same person shows, or an end that the bank
//! itself has told.

use crate::{
    paths::Scene,
    world::{Person, World},
};
use serde_json::Value;

const DAY_MS: i64 = 24 * 3_600_000;

/// One person reads in all cases, and keeps a consent more to compare with; where reads are counted, a new one each time.
pub(super) fn who<'w>(world: &'w World, path: &str, other: &mut Option<String>) -> Person<'w> {
    if !path.contains("unattended") {
        return Person::new(world, format!("reader of {path}"));
    }
    *other = None;
    world.person()
}

/// The scene of one case after another: one personal number has so many starts in a day, so each has a day of its own.
pub(super) async fn fresh<'w>(world: &'w World, path: &str, other: &mut Option<String>) -> Scene<'w> {
    if path.contains("decoupled") {
        world.pass(DAY_MS);
    }
    Scene::of(who(world, path, other), path).await
}

/// Reads once more, without a fault.
pub(super) async fn are_as_ever(scene: &Scene<'_>, may_end: bool, other: &mut Option<String>, case: &str) {
    let answer = scene.person.get(&scene.path).await;
    if answer.status != 200 {
        assert!(may_end, "{case}: a signature was lost: {}", answer.text);
        answer.problem(409, "consent_expired");
        return;
    }
    let (consent, tail) = scene.path.split_at(scene.path.match_indices('/').nth(3).unwrap().0);
    let mut compared = None;
    if let Some(id) = other.as_deref() {
        compared = Some(scene.person.get(&format!("/v1/consents/{id}{tail}")).await);
    }
    if compared.as_ref().is_none_or(|answer| answer.status == 409) {
        let id = scene.person.connect().await;
        compared = Some(scene.person.get(&format!("/v1/consents/{id}{tail}")).await);
        *other = Some(id);
    }
    assert_eq!(undated(answer.json()), undated(compared.unwrap().expect(200)), "{case}: other data");
    scene.person.call("DELETE", consent).send().await.expect(204);
}

/// Without the cursor, which says when it was made, and the consent's own clocks.
fn undated(mut body: Value) -> Value {
    for name in ["consent", "next_cursor"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}
