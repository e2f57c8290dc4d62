//! A model behind Bedrock, as the emulator asks it: by OpenAI's protocol.

use serde_json::{Value, json};
use tiny_http::{Response, Server};

/// What the model says about every picture. The emulator passes no pictures on.
pub const SENTENCE: &str = "A person writes an equation on a board.";
/// What it answers to every question.
pub const ANSWER: &str = "It is an equation [00:01].";

/// Serves until the process ends; answers its URL.
pub fn serve() -> String {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.server_addr());
    std::thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let asked: Value = serde_json::from_reader(request.as_reader()).unwrap_or_default();
            let choice = json!({ "index": 0, "message": message(&asked), "finish_reason": "stop" });
            let usage = json!({ "prompt_tokens": 9, "completion_tokens": 3 });
            let answer = json!({ "choices": [choice], "usage": usage });
            // The client may have gone away.
            drop(request.respond(Response::from_string(answer.to_string())));
        }
    });
    url
}

fn message(asked: &Value) -> Value {
    let Some(tool) = asked["tools"][0]["function"]["name"].as_str() else {
        return json!({ "role": "assistant", "content": ANSWER });
    };
    let said = asked["messages"].as_array().and_then(|messages| messages.last());
    let said = said.and_then(|message| message["content"].as_str()).unwrap_or_default();
    let pictures: Vec<Value> =
        (1..).take_while(|number| said.contains(&format!("Picture {number}:"))).map(picture).collect();
    let input = json!({ "pictures": pictures }).to_string();
    let call = json!({ "id": "1", "type": "function", "function": { "name": tool, "arguments": input } });
    json!({ "role": "assistant", "content": null, "tool_calls": [call] })
}

fn picture(number: usize) -> Value {
    json!({
        "picture": number,
        "sentence": SENTENCE,
        "on_screen_text": ["y = mx + b"],
        "objects": [{ "name": "board", "confidence": 0.9, "box": [100, 200, 600, 800] }],
    })
}
