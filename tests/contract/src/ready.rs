//! The client `EventSource`.

use sse_wire::{EventSource, Incoming, Interruption, SourceNotice};

use crate::Stream;

pub async fn run(mut stream: Stream) {
    let request = stream.request();
    let mut source = EventSource::new(move |attempt| {
        let request = request.try_clone().expect("its body is text");
        request.headers(attempt.headers()).send()
    })
    .with_policy(stream.policy())
    .with_parser(stream.parser())
    .observe();
    loop {
        let item = tokio::select! {
            item = source.next() => item,
            Some(()) = stream.restarts.recv() => {
                source.reconnect();
                continue;
            }
        };
        match item {
            Some(Ok(Incoming::Event(event))) => {
                stream.report_event(&event.event_type, &event.data, &event.last_event_id).await;
            }
            Some(Ok(Incoming::Notice(SourceNotice::Comment { text, .. }))) => {
                stream.report_comment(&text).await;
            }
            // A requested reconnection is not an error.
            Some(Ok(Incoming::Notice(SourceNotice::Reconnecting {
                reason: Interruption::Asked,
                ..
            }))) => {}
            Some(Ok(Incoming::Notice(notice @ SourceNotice::Reconnecting { .. }))) => {
                stream.report_error(&notice.to_string()).await;
            }
            Some(Ok(Incoming::Notice(_))) => {}
            Some(Err(error)) => stream.report_error(&error.to_string()).await,
            None => return,
        }
    }
}
