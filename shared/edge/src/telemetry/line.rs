//! The form of a line: one flat JSON object, so that every field is named as the code names it, whether the line says
//! it or a span around it knows it.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::clock;

/// Writes what the spans around an event know, the outermost first, and over it what the event says itself.
pub(super) struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Fields::default();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let extensions = span.extensions();
            // Fields of spans are JSON objects already: `init` says so.
            let known =
                extensions.get::<FormattedFields<N>>().map(|known| serde_json::from_str(&known.fields));
            if let Some(Ok(Value::Object(known))) = known {
                line.0.extend(known);
            }
        }
        event.record(&mut line);
        // Under the names by which Lambda tells time and level of a line.
        line.put("timestamp", clock::to_the_nanosecond().to_string());
        line.put("level", event.metadata().level().as_str());
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field.name(), value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;
    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines that something logs, each parsed.
    pub(crate) fn lines_of(log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(JsonLine)
            .fmt_fields(JsonFields::new())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = written.0.lock().unwrap();
        std::str::from_utf8(&bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_has_what_the_spans_around_it_know() {
        let lines = lines_of(|| {
            let runtime = tracing::info_span!("Lambda runtime invoke", requestId = "r");
            let _runtime = runtime.enter();
            let work = crate::telemetry::work();
            let _work = work.enter();
            tracing::info!("before the video is known");
            work.record("trace.id", "t");
            work.record("trace.id", "t2");
            tracing::error!(
                cause = "a \"quoted\"\nline",
                duration_ms = 3_u64,
                share = 0.5,
                is_last = true,
                "failed"
            );
        });
        let [before, after] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((&before["requestId"], before.get("trace.id")), (&"r".into(), None), "{before}");
        assert!(before["timestamp"].as_str().unwrap().parse::<Timestamp>().is_ok(), "{before}");
        assert_eq!((&after["requestId"], &after["trace.id"]), (&"r".into(), &"t2".into()), "{after}");
        assert_eq!((&after["level"], &after["message"]), (&"ERROR".into(), &"failed".into()), "{after}");
        assert_eq!((&after["cause"], &after["duration_ms"]), (&"a \"quoted\"\nline".into(), &3.into()));
        assert_eq!((&after["share"], &after["is_last"]), (&0.5.into(), &true.into()), "{after}");
    }

    #[test]
    fn what_the_line_says_itself_counts() {
        let lines = lines_of(|| {
            let span = crate::telemetry::request(&domain::ids::TraceId("of the span".to_owned()));
            let _span = span.enter();
            tracing::info!(trace.id = "of the line", "cancelled for another run");
            tracing::info!("its own");
        });
        assert_eq!(lines[0]["trace.id"], "of the line");
        assert_eq!(lines[1]["trace.id"], "of the span");
    }
}
