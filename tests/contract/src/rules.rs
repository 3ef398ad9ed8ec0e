//! A driver of the rules without I/O.

use std::time::Instant;

use axum::http::Response;
use reqwest::Body;
use sse_wire::http_body::BodyData;
use sse_wire::{Action, Connection, Interruption, Item, Notice};
use tokio::time::timeout;

use crate::Stream;

/// An item, reported after the cursor has ended.
enum Report {
    Event(String, String, String),
    Comment(String),
}

pub async fn run(mut stream: Stream) {
    let mut connection = Connection::with_parser(stream.parser(), stream.policy());
    let start = Instant::now();
    let mut response = None;
    let mut body: Option<BodyData<Body>> = None;
    loop {
        let action = connection.poll(start.elapsed());
        while let Some(notice) = connection.next_notice() {
            match notice {
                // A requested reconnection is not an error.
                Notice::Open | Notice::Reconnecting { reason: Interruption::Asked, .. } => {}
                notice => stream.report_error(&notice.to_string()).await,
            }
        }
        let until = match action {
            Action::Connect => {
                body = None;
                let mut request = stream.request().header("accept", "text/event-stream");
                request = request.header("cache-control", "no-cache");
                if let Some(id) = connection.last_event_id_header() {
                    request = request.header("last-event-id", id);
                }
                response = Some(Box::pin(request.send()));
                continue;
            }
            Action::Receive { until } => until,
            Action::Wait { until } => {
                (response, body) = (None, None);
                Some(until)
            }
            Action::Stop => return,
        };
        let received = async {
            if let Some(pending) = &mut response {
                return Received::Response(pending.await.map(Response::from));
            }
            match &mut body {
                Some(body) => Received::Chunk(futures_util::StreamExt::next(body).await),
                None => std::future::pending().await,
            }
        };
        let wait =
            until.map_or(std::time::Duration::MAX, |until| until.saturating_sub(start.elapsed()));
        let received = tokio::select! {
            received = timeout(wait, received) => received,
            Some(()) = stream.restarts.recv() => {
                connection.reconnect();
                continue;
            }
        };
        match received {
            Ok(Received::Response(Ok(head))) => {
                connection.handle_response(&head);
                (response, body) = (None, Some(BodyData::new(head.into_body())));
            }
            Ok(Received::Chunk(Some(Ok(chunk)))) => {
                let mut reports = Vec::new();
                let mut items = connection.push(&chunk);
                while let Ok(Some(item)) = items.next_item() {
                    match item {
                        Item::Event(event) => reports.push(Report::Event(
                            event.event_type.into(),
                            event.data.into(),
                            event.last_event_id.into(),
                        )),
                        Item::Comment { text, .. } => reports.push(Report::Comment(text.into())),
                        _ => {}
                    }
                }
                for report in reports {
                    match report {
                        Report::Event(name, data, id) => {
                            stream.report_event(&name, &data, &id).await
                        }
                        Report::Comment(text) => stream.report_comment(&text).await,
                    }
                }
            }
            Ok(Received::Chunk(None)) => _ = connection.handle_end(),
            Ok(Received::Response(Err(_)) | Received::Chunk(Some(Err(_)))) => {
                _ = connection.handle_network_error();
            }
            Err(_elapsed) => {}
        }
    }
}

enum Received {
    Response(reqwest::Result<Response<Body>>),
    Chunk(Option<Result<axum::body::Bytes, reqwest::Error>>),
}
