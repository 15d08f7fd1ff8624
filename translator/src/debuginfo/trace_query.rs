//! Tracepoints whose parameters no debug information at hand knows: the header that declares them is compiled, that one
//! alone, and the debug information of the result read.
//!
//! Their modules are called otherwise than subsystem and header, or the kernel's BTF has none of the functions that
//! take a tracepoint's parameters. For each tracepoint of the header the compiler is given such a function.

use std::path::Path;
use std::rc::Rc;

use super::dwarf::Dwarf;
use super::elf::DebugFile;
use super::tracepoints::ITERATOR;
use super::{Known, Lack, Objects};
use crate::cache::{Cache, KeyBuilder, Slot, Stamp};
use crate::pass4_build::header;

/// The macros that all others for tracepoints end in, with what they have behind name and parameters.
const MACROS: [(&str, &str); 5] = [
    ("DECLARE_TRACE", "args"),
    ("DECLARE_TRACE_CONDITION", "args, cond"),
    ("DECLARE_TRACE_EVENT", "args"),
    ("DECLARE_TRACE_EVENT_CONDITION", "args, cond"),
    ("DECLARE_TRACE_SYSCALL", "args"),
];

impl Objects<'_> {
    /// What the compiler says of the tracepoints of a header, `trace/events/asoc.h`.
    pub fn compiled_header(&self, header: &str) -> Result<Known, Lack> {
        let name = format!("<{header}>");
        self.memoized(&name, || self.compile_header(header))
    }

    fn compile_header(&self, header: &str) -> Result<Known, Lack> {
        let session = self.session();
        let source = source(header);
        let key = KeyBuilder::new("compiled header").part("source", &source);
        let key =
            key.part("headers", self.trace_headers().identity()).part("release", &session.target.release);
        let slot = Slot { prefix: "header_", key: key.finish(), suffix: ".o" };
        let cache = Cache::open(session);
        let object = match cache.get(slot, &Stamp::new()) {
            Some((_, bytes)) => bytes,
            None => {
                let bytes = header::compile(session, &source).map_err(|error| {
                    let other =
                        "module(\"NAME\").tracepoint(\"NAME\") needs no header, only the name of the module";
                    Lack::new(error.message, error.helps.first().map_or(other, |help| help))
                })?;
                // A cache that cannot be written costs the next run a second.
                let _ = cache.put(slot, &Stamp::new(), &bytes);
                bytes
            }
        };
        let unfit = |why: String| Lack::new(format!("the compiled {header}: {why}"), "clear stap's cache");
        let file = DebugFile::new(Path::new(header), object.into(), None);
        let file = file.map_err(|why| unfit(why.to_string()))?;
        self.add(|id| {
            let dwarf =
                Dwarf::new(session.host, None, id, file).map_err(|broken| unfit(broken.to_string()))?;
            Ok(Rc::new(dwarf))
        })
    }
}

/// What is compiled. linux/tracepoint.h comes first, so that its own macros give way to ours.
fn source(header: &str) -> String {
    let mut text = String::from("#include <linux/module.h>\n#include <linux/tracepoint.h>\n");
    for (name, rest) in MACROS {
        text.push_str(&format!(
            "#undef {name}\n#define {name}(name, proto, {rest}) \\\n\
             \tvoid {ITERATOR}##name(void *__data, proto); void {ITERATOR}##name(void *__data, proto) {{ }}\n"
        ));
    }
    text.push_str("#undef DECLARE_TRACE_NOARGS\n");
    text.push_str(&format!(
        "#define DECLARE_TRACE_NOARGS(name) \\\n\
         \tvoid {ITERATOR}##name(void *__data); void {ITERATOR}##name(void *__data) {{ }}\n"
    ));
    text.push_str(&format!("#include <{header}>\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_macros_come_between_the_kernels_and_the_header() {
        let text = source("trace/events/x.h");
        let at = |part: &str| text.find(part).expect(part);
        assert!(at("<linux/tracepoint.h>") < at("#define DECLARE_TRACE(name, proto, args)"));
        assert!(at("void __traceiter_##name(void *__data, proto) { }") < at("#include <trace/events/x.h>"));
    }
}
