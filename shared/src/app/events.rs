//! From the runtime's events to requests and back.

use crate::http::legible;
use lambda_http::{
    Adapter, Body, Error, LambdaEvent, Request, Response, Service, request::LambdaRequest, service_fn,
};

/// Answers events until the runtime ends the process, as `lambda_http::run` does, but for what a caller can write into an
/// address and no request can hold ([`legible`]).
pub async fn run<S>(handler: S) -> Result<(), Error>
where
    S: Service<Request, Response = Response<Body>, Error = Error> + Send,
    S::Future: Send,
{
    let mut events = Adapter::from(handler);
    lambda_runtime::run(service_fn(move |event| events.call(legibly(event)))).await
}

/// One event, for whoever calls a function in its own process: the answer as the runtime would get it, as JSON.
pub async fn answer<S>(handler: S, event: LambdaEvent<LambdaRequest>) -> Result<Vec<u8>, Error>
where
    S: Service<Request, Response = Response<Body>, Error = Error> + Send,
    S::Future: Send,
{
    Ok(serde_json::to_vec(&Adapter::from(handler).call(legibly(event)).await?)?)
}

fn legibly(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    legible(&mut event.payload);
    event
}
