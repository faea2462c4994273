//! Functions twice: with all the time that they have when deployed, for what stands before a case and behind it, and with
//! little, for the request that the bank keeps waiting. So nobody waits long in vain, and no busy machine decides a case.

use crate::world::{Setting, Stage, World, in_process::InProcess};
use cloud::{Invoke, InvokeFailure};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

pub(super) struct Patience {
    patient: InProcess,
    hasty: InProcess,
    hurry: AtomicBool,
}

impl Patience {
    /// A world with such functions; the hasty ones have so many milliseconds.
    pub(super) async fn world(hasty_ms: u64) -> (World, Arc<Self>) {
        let stage = Stage::set(Setting::default()).await;
        let lines = Arc::new(Mutex::default());
        let mut less = stage.environment.clone();
        less.insert("FUNCTION_TIMEOUT_MS".to_owned(), hasty_ms.to_string());
        let (patient, hasty) = (InProcess::new(&stage.environment, &lines), InProcess::new(&less, &lines));
        let functions = Arc::new(Self { patient, hasty, hurry: AtomicBool::new(false) });
        let world = stage.open(Arc::clone(&functions) as Arc<dyn Invoke>, lines).await;
        world.person().connect().await;
        (world, functions)
    }

    pub(super) fn hurry(&self, hurry: bool) {
        self.hurry.store(hurry, Ordering::SeqCst);
    }
}

impl Invoke for Patience {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let functions = if self.hurry.load(Ordering::SeqCst) { &self.hasty } else { &self.patient };
        functions.invoke(function, event)
    }
}
