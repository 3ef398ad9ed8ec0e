//! Streams the answer of a language model: a POST, JSON in events, and `[DONE]` at the end, with reqwest.
//!
//! ```sh
//! API_KEY=… cargo run -p sse-wire-examples --bin llm_client http://127.0.0.1:8080/v1/chat/completions model 'Hello!'
//! ```
//!
//! An answer that is cut is an error, and so is an error object in the stream, or a response that is not a stream. The
//! request is sent once: whether to send it again is up to the caller.

use std::env;
use std::error::Error;

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

/// The part of an event's data that is used.
#[derive(Deserialize)]
struct Chunk {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
}

/// Calls `on_text` for each piece of the answer.
pub async fn complete(
    http: &Client,
    url: &str,
    key: &str,
    request: &Value,
    mut on_text: impl FnMut(&str),
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let response = http.post(url).bearer_auth(key).json(request).send().await?;
    let mut events = sse_wire::events(response)?.until("[DONE]").error_objects();
    while let Some(event) = events.try_next().await? {
        let chunk: Chunk = event.json()?;
        chunk
            .choices
            .iter()
            .filter_map(|choice| choice.delta.content.as_deref())
            .for_each(&mut on_text);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(model), Some(text)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: llm_client URL MODEL TEXT".into());
    };
    let messages = json!([{"role": "user", "content": text}]);
    let request = json!({"model": model, "stream": true, "messages": messages});
    let http = Client::builder().referer(false).build()?;
    let key = env::var("API_KEY").unwrap_or_default();
    complete(&http, &url, &key, &request, |text| print!("{text}")).await
}
