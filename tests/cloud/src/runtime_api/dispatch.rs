//! Which event goes to which process: one at a time each, the rest waits in line.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::oneshot;

use crate::invoke::InvokeFailure;
use crate::wire::{locked, uuid};

pub(super) type Outcome = Result<Vec<u8>, InvokeFailure>;

/// An event on its way to a process.
#[derive(Debug)]
pub(super) struct Job {
    /// The Lambda request id: a UUID.
    pub(super) request_id: String,
    pub(super) event: Vec<u8>,
    answer: oneshot::Sender<Outcome>,
}

/// An event as its process gets it.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) request_id: String,
    pub(super) event: Vec<u8>,
}

#[derive(Debug, Default)]
struct Place {
    stopped: bool,
    waiting: Option<oneshot::Sender<Handed>>,
    current: Option<(String, oneshot::Sender<Outcome>)>,
}

#[derive(Debug)]
struct Line {
    jobs: VecDeque<Job>,
    /// Who has waited longest is first.
    order: VecDeque<usize>,
    places: Vec<Place>,
}

/// The queue of one function.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) timeout_ms: u64,
    line: Mutex<Line>,
}

impl Dispatcher {
    pub(super) fn new(instances: usize, timeout_ms: u64) -> Self {
        let places = (0..instances).map(|_| Place::default()).collect();
        Self { timeout_ms, line: Mutex::new(Line { jobs: VecDeque::new(), order: VecDeque::new(), places }) }
    }

    pub(super) async fn invoke(&self, event: Vec<u8>) -> Outcome {
        let (answer, answered) = oneshot::channel();
        {
            let mut line = locked(&self.line);
            line.jobs.push_back(Job { request_id: uuid(), event, answer });
            line.hand_out();
        }
        answered.await.unwrap_or_else(|_| Err(InvokeFailure::Service("the runtime API has ended".to_owned())))
    }

    /// A process asks for its next event. What it had in hand and never answered is over.
    pub(super) fn next(&self, instance: usize) -> oneshot::Receiver<Handed> {
        let (sender, receiver) = oneshot::channel();
        self.fail(instance, "Runtime asked for the next event without an answer");
        let mut line = locked(&self.line);
        if let Some(place) = line.places.get_mut(instance) {
            place.waiting = Some(sender);
            line.order.retain(|waiting| *waiting != instance);
            line.order.push_back(instance);
        }
        line.hand_out();
        receiver
    }

    /// The answer of a process; false when it has no such event in hand.
    pub(super) fn settle(&self, instance: usize, request_id: &str, outcome: Outcome) -> bool {
        let mut line = locked(&self.line);
        let Some(place) = line.places.get_mut(instance) else { return false };
        match place.current.take_if(|(current, _)| current == request_id) {
            Some((_, answer)) => {
                // Nobody to tell is no fault: the front door may have answered 503 already.
                let _ = answer.send(outcome);
                true
            }
            None => false,
        }
    }

    /// Whatever a process has in hand fails: it died, or it is out of time.
    pub(super) fn fail(&self, instance: usize, reason: &str) {
        let mut line = locked(&self.line);
        let current = line.places.get_mut(instance).and_then(|place| place.current.take());
        if let Some((_, answer)) = current {
            let _ = answer.send(Err(InvokeFailure::Function(reason.to_owned())));
        }
    }

    /// A process has ended: nothing is handed to it until its successor asks.
    pub(super) fn ended(&self, instance: usize) {
        self.fail(instance, "Runtime exited without providing a reason");
        let mut line = locked(&self.line);
        line.order.retain(|waiting| *waiting != instance);
        if let Some(place) = line.places.get_mut(instance) {
            place.waiting = None;
            place.stopped = false;
        }
    }

    pub(super) fn set_stopped(&self, instance: usize, stopped: bool) {
        let mut line = locked(&self.line);
        if let Some(place) = line.places.get_mut(instance) {
            place.stopped = stopped;
        }
        line.hand_out();
    }

    pub(super) fn working(&self) -> Vec<usize> {
        self.instances(|place| place.current.is_some())
    }

    pub(super) fn idle(&self) -> Vec<usize> {
        self.instances(|place| place.waiting.is_some())
    }

    fn instances(&self, which: impl Fn(&Place) -> bool) -> Vec<usize> {
        let line = locked(&self.line);
        line.places.iter().enumerate().filter(|(_, place)| which(place)).map(|(index, _)| index).collect()
    }
}

impl Line {
    fn hand_out(&mut self) {
        while !self.jobs.is_empty() {
            let places = &self.places;
            let free = |instance: &usize| places.get(*instance).is_some_and(|place| !place.stopped);
            let Some(position) = self.order.iter().position(free) else { return };
            let Some(instance) = self.order.remove(position) else { return };
            let (Some(place), Some(job)) = (self.places.get_mut(instance), self.jobs.pop_front()) else {
                return;
            };
            let Some(waiting) = place.waiting.take() else {
                self.jobs.push_front(job);
                continue;
            };
            let handed = Handed { request_id: job.request_id.clone(), event: job.event };
            match waiting.send(handed) {
                Ok(()) => place.current = Some((job.request_id, job.answer)),
                // The process hung up between asking and getting: the event is nobody's yet.
                Err(back) => {
                    let job = Job { request_id: back.request_id, event: back.event, answer: job.answer };
                    self.jobs.push_front(job);
                }
            }
        }
    }
}
