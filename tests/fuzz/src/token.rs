//! Answers of the token endpoint. A token goes into a header of ours, so nothing may be in it that ends one.

use shared::bank::answer;

pub(crate) fn token(input: &[u8]) {
    let Ok(granted) = answer::token(input) else { return };
    let tokens = [Some(granted.access.expose()), granted.refresh.as_ref().map(|token| token.expose())];
    for token in tokens.into_iter().flatten() {
        assert!((1..=4096).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let printed = format!("{granted:?}");
    let secret = granted.access.expose();
    assert!(secret.len() < 16 || !printed.contains(secret), "a token is never printed");
    let access = granted.access_lifetime.as_millis();
    assert!(access > 0 && granted.refresh_lifetime.is_none_or(|refresh| refresh.as_millis() > access));
}
