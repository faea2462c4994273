//! A function that says hello: below this nothing that answers HTTP through Lambda's runtime in Rust can get. Built like
//! the functions, deployed nowhere.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(hello)).await
}

async fn hello(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder().header("content-type", "application/json").body(r#"{"hello":"world"}"#.into())?)
}
