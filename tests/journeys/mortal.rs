//! Functions that die: the work of one request is dropped where it stands, as when Lambda ends a process.

use crate::world::in_process::InProcess;
use cloud::{Invoke, InvokeFailure};
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};
use tokio::sync::watch;

/// When the next request to a function dies.
#[derive(Clone, Debug)]
pub(crate) enum Death {
    /// After so many polls of its future.
    AtPoll(usize),
    /// As soon as this turns true.
    When(watch::Receiver<bool>),
}

/// Functions in this process, one request of which can be made to die.
pub(crate) struct Mortal {
    inner: InProcess,
    next: Mutex<Option<(&'static str, Death)>>,
    died: AtomicUsize,
}

impl Mortal {
    pub(crate) fn new(inner: InProcess) -> Self {
        Self { inner, next: Mutex::default(), died: AtomicUsize::new(0) }
    }

    /// The next request to this function dies, if it does not end before that.
    pub(crate) fn doom(&self, function: &'static str, death: Death) {
        *self.next.lock().unwrap() = Some((function, death));
    }

    /// Nobody dies any more.
    pub(crate) fn spare(&self) {
        *self.next.lock().unwrap() = None;
    }

    /// How many have died.
    pub(crate) fn died(&self) -> usize {
        self.died.load(Ordering::Relaxed)
    }

    fn end(&self) -> InvokeFailure {
        self.died.fetch_add(1, Ordering::Relaxed);
        InvokeFailure::Service("the process died".to_owned())
    }
}

impl Invoke for Mortal {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let doomed = self.next.lock().unwrap().take_if(|(name, _)| *name == function);
        let mut work = self.inner.invoke(function, event);
        match doomed {
            None => work,
            Some((_, Death::AtPoll(polls))) => Box::pin(async move {
                let mut left = polls;
                let outcome = poll_fn(|context| match work.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending if left <= 1 => Poll::Ready(None),
                    Poll::Pending => {
                        left -= 1;
                        Poll::Pending
                    }
                });
                let outcome = outcome.await;
                drop(work);
                outcome.unwrap_or_else(|| Err(self.end()))
            }),
            Some((_, Death::When(mut sign))) => Box::pin(async move {
                tokio::select! {
                    answer = work => answer,
                    _ = sign.wait_for(|now| *now) => Err(self.end()),
                }
            }),
        }
    }
}
