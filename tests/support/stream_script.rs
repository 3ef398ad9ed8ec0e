//! Streams that follow a script, and a way to poll without a runtime.
#![allow(dead_code)] // Each test file uses its part.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures::Stream;

/// Returns its answers in turn, then always `None`.
#[derive(Debug)]
pub struct Script<T> {
    answers: VecDeque<Poll<T>>,
    /// How often it was polled.
    pub polls: usize,
    pub ended: bool,
}

impl<T> Script<T> {
    pub fn new(answers: impl IntoIterator<Item = Poll<T>>) -> Self {
        Script { answers: answers.into_iter().collect(), polls: 0, ended: false }
    }

    /// Ready once for each item, and pending after each.
    pub fn pausing(items: impl IntoIterator<Item = T>) -> Self {
        Self::new(items.into_iter().flat_map(|item| [Poll::Ready(item), Poll::Pending]))
    }

    /// Always ready.
    pub fn ready(items: impl IntoIterator<Item = T>) -> Self {
        Self::new(items.into_iter().map(Poll::Ready))
    }

    pub fn answer(&mut self) -> Poll<Option<T>> {
        assert!(!self.ended, "polled after its end");
        self.polls += 1;
        match self.answers.pop_front() {
            Some(answer) => answer.map(Some),
            None => {
                self.ended = true;
                Poll::Ready(None)
            }
        }
    }
}

impl<T: Unpin> Stream for Script<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        self.answer()
    }
}

pub fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Polls a future once and drops it.
pub fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut context())
}

pub fn poll_next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut context())
}

/// Returns whether a type is `Send`, by the method that is found first.
macro_rules! is_send {
    ($value:expr) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code)] // One of the two is found.
        trait Not {
            fn is_send(&self) -> bool {
                false
            }
        }
        impl<T> Not for &Probe<T> {}
        #[allow(dead_code)]
        impl<T: Send> Probe<T> {
            fn is_send(&self) -> bool {
                true
            }
        }
        fn probe<T>(_: &T) -> Probe<T> {
            Probe(std::marker::PhantomData)
        }
        (&probe(&$value)).is_send()
    }};
}
#[allow(unused_imports)]
pub(crate) use is_send;
