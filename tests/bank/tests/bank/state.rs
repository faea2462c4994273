//! What outlives a restart.

use std::path::PathBuf;

use crate::client::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("simulated-bank-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn certificates_consents_tokens_and_the_clock_outlive_a_restart() {
    let folder = Folder::new("restart");
    let state_dir = Some(folder.0.clone());
    let bank = bank_with(|options| options.state_dir.clone_from(&state_dir)).await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    bank.clock().advance_ms(3_600_000);
    let (now, ca) = (bank.clock().now_ms(), bank.pki().ca_pem().to_owned());
    bank.stop().await;
    let bank = bank_with(|options| options.state_dir = state_dir).await;
    assert_eq!((bank.clock().now_ms(), bank.pki().ca_pem()), (now, ca.as_str()));
    assert_eq!(read(&bank, tokens["access_token"].as_str().unwrap(), "/v2/accounts").await.status, 200);
    assert!(bank.pki().issue_client(&simulated_bank::ClientSpec::default()).is_ok());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tokens_and_another_does_not() {
    let mut tokens = Vec::new();
    for seed in [1, 1, 2] {
        let bank = bank_with(|options| options.seed = seed).await;
        tokens.push(app_token(&bank).await);
    }
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[0], tokens[2]);
}
