//! Wires `account-fetch`: the configuration is read, connections are opened, then every event goes to the route.

use lambda_http::{Error, service_fn};
use shared::app::{Ahead, App, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = App::start("account-fetch", &[Ahead::Reads, Ahead::Spends]).await?;
    run(service_fn(|request| app.answer("account-fetch", request, account_fetch::handle))).await
}
