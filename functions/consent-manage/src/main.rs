//! Wires `consent-manage`: the configuration is read, connections are opened, then every event goes to the route.

use lambda_http::{Error, service_fn};
use shared::app::{Ahead, App, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = App::start("consent-manage", &[Ahead::Reads]).await?;
    run(service_fn(|request| app.answer("consent-manage", request, consent_manage::handle))).await
}
