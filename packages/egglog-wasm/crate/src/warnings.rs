//! The engine's warnings, kept for the host instead of printed.
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::sync::Mutex;

struct Collector(Mutex<Vec<String>>);

static COLLECTOR: Collector = Collector(Mutex::new(Vec::new()));

impl Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn
    }
    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push(record.args().to_string());
        }
    }
    fn flush(&self) {}
}

pub fn collect() {
    // A second call finds the logger in place, which is as good.
    let _ = log::set_logger(&COLLECTOR);
    log::set_max_level(LevelFilter::Warn);
}

pub fn take() -> Vec<String> {
    std::mem::take(&mut *COLLECTOR.0.lock().unwrap())
}
