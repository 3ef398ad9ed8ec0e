//! An `EventSource` whose type can be named.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use ::http_body::{Body, Frame};
use bytes::Bytes;
use futures_core::Stream;
use http::Response;

use super::event_source::{EventSource, Exchange};
use super::timer::Timer;
use super::{Attempt, BoxError};
use crate::http_body::BodyData;

/// A body whose data and error types are fixed.
struct DataBody<B>(BodyData<Pin<Box<B>>>);

impl<B: Body<Error: Into<BoxError>>> Body for DataBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let data = ready!(Pin::new(&mut self.0).poll_next(cx));
        Poll::Ready(data.map(|data| data.map(Frame::data).map_err(Into::into)))
    }
}

macro_rules! boxed {
    (
        $method:ident, $source:ident, $request:ident, $future:ident, $body:ident, $timer:ident, $sleep:ident,
        $wrapper:ident, $doc:literal $(, $send:ident)?
    ) => {
        #[doc = concat!("An [`EventSource`] that can be a struct's field", $doc, ": see [`EventSource::", stringify!($method), "`].")]
        ///
        /// ```
        #[doc = concat!("use sse_wire::", stringify!($source), ";")]
        ///
        /// struct Feed {
        #[doc = concat!("    source: ", stringify!($source), ",")]
        /// }
        ///
        /// impl Feed {
        ///     fn position(&self) -> &str {
        ///         self.source.last_event_id()
        ///     }
        /// }
        /// ```
        pub type $source = EventSource<$request, $future, $body, $timer>;
        type $request = Box<dyn FnMut(Attempt) -> $future $(+ $send)?>;
        type $future =
            Pin<Box<dyn Future<Output = Result<Response<$body>, BoxError>> $(+ $send)?>>;
        #[doc = concat!("The bodies of a [`", stringify!($source), "`], for the type of its error:")]
        ///
        /// ```
        #[doc = concat!("use sse_wire::{", stringify!($body), ", SourceError};")]
        ///
        #[doc = concat!("fn report(error: &SourceError<", stringify!($body), ">) {")]
        ///     eprintln!("gave up: {error}");
        /// }
        /// ```
        pub type $body = Pin<Box<dyn Body<Data = Bytes, Error = BoxError> $(+ $send)?>>;
        type $timer = Box<dyn Timer<Sleep = $sleep> $(+ $send)?>;
        type $sleep = Pin<Box<dyn Future<Output = ()> $(+ $send)?>>;

        struct $wrapper<T>(T);

        impl<T: Timer<Sleep: 'static $(+ $send)?>> Timer for $wrapper<T> {
            type Sleep = $sleep;

            fn now(&self) -> Duration {
                self.0.now()
            }

            fn sleep(&self, time: Duration) -> Self::Sleep {
                Box::pin(self.0.sleep(time))
            }
        }

        impl<F, Fut, R, E, B, T> EventSource<F, Fut, B, T>
        where
            F: FnMut(Attempt) -> Fut + 'static $(+ $send)?,
            Fut: Future<Output = Result<R, E>> + 'static $(+ $send)?,
            R: Into<Response<B>>,
            E: Into<BoxError>,
            B: Body + 'static $(+ $send)?,
            B::Error: Into<BoxError>,
            T: Timer<Sleep: 'static $(+ $send)?> + 'static $(+ $send)?,
        {
            #[doc = concat!("Boxes the parts of the source, so that it can be a struct's field", $doc, ".")]
            ///
            /// ```
            /// # #[cfg(feature = "client")] {
            #[doc = concat!("use sse_wire::{EventSource, ", stringify!($source), "};")]
            ///
            /// struct Feed {
            #[doc = concat!("    source: ", stringify!($source), ",")]
            /// }
            ///
            /// # async fn get(_: http::HeaderMap) -> Result<http::Response<String>, std::io::Error> { todo!() }
            #[doc = concat!("let source = EventSource::new(|attempt| get(attempt.headers())).", stringify!($method), "();")]
            /// let feed = Feed { source };
            /// # }
            /// ```
            ///
            /// # Memory and cost
            ///
            /// Two more allocations for each request, and one for each wait.
            pub fn $method(self) -> $source {
                let body = |body: B| -> $body { Box::pin(DataBody(BodyData::new(Box::pin(body)))) };
                let boxed = move |response: Pin<Box<Fut>>| -> $future {
                    Box::pin(async move {
                        match response.await {
                            Ok(response) => Ok(response.into().map(body)),
                            Err(error) => Err(error.into()),
                        }
                    })
                };
                let mut request = self.request;
                EventSource {
                    request: Box::new(move |attempt| boxed(Box::pin(request(attempt)))),
                    session: self.session.map(body),
                    exchange: match self.exchange {
                        Exchange::None => Exchange::None,
                        Exchange::Requested(response) => {
                            Exchange::Requested(Box::pin(boxed(response)))
                        }
                        Exchange::Open(data) => {
                            let body: $body = Box::pin(DataBody(data));
                            Exchange::Open(BodyData::new(Box::pin(body)))
                        }
                    },
                    chunk: self.chunk,
                    timer: Box::new($wrapper(self.timer)),
                    sleep: None,
                    ended: self.ended,
                }
            }
        }
    };
}

boxed!(
    boxed,
    BoxEventSource,
    BoxRequest,
    BoxResponseFuture,
    BoxBody,
    BoxTimer,
    BoxSleep,
    SendTimer,
    "",
    Send
);
boxed!(
    boxed_local,
    LocalBoxEventSource,
    LocalBoxRequest,
    LocalBoxResponseFuture,
    LocalBoxBody,
    LocalBoxTimer,
    LocalBoxSleep,
    LocalTimer,
    " and need not be `Send`, as in a browser"
);
