//! The data of the templates, and their rendering.
//!
//! Templates hold the skeleton and the tables; what is computed comes as finished lines. They are compiled into the
//! program, not read from the installation: a template and the structure it is given must never come from two
//! versions, and a run then has one file less to find. `-p3` shows what they make.

use serde::Serialize;
use tera::{Context, Tera};

use crate::diag::code::Code;
use crate::diag::diagnostic::{Diagnostic, Severity};

const TEMPLATES: [(&str, &str); 10] = [
    ("module.c", include_str!("../../../kmod-templates/module.c.tera")),
    ("probe_begin_end.c", include_str!("../../../kmod-templates/probe_begin_end.c.tera")),
    ("probe_data.c", include_str!("../../../kmod-templates/probe_data.c.tera")),
    ("probe_kprobe.c", include_str!("../../../kmod-templates/probe_kprobe.c.tera")),
    ("probe_perf.c", include_str!("../../../kmod-templates/probe_perf.c.tera")),
    ("probe_netfilter.c", include_str!("../../../kmod-templates/probe_netfilter.c.tera")),
    ("probe_procfs.c", include_str!("../../../kmod-templates/probe_procfs.c.tera")),
    ("probe_tracepoint.c", include_str!("../../../kmod-templates/probe_tracepoint.c.tera")),
    ("probe_timer_hr.c", include_str!("../../../kmod-templates/probe_timer_hr.c.tera")),
    ("probe_timer_jiffies.c", include_str!("../../../kmod-templates/probe_timer_jiffies.c.tera")),
];

/// module.c
#[derive(Serialize)]
pub struct ModuleView {
    /// The script's privilege as a C constant.
    pub privilege: &'static str,
    /// The kernel's release as a C literal.
    pub release: String,
    /// `#define` of -D options and of what the script needs.
    pub defines: Vec<DefineView>,
    /// Default of MAXNESTING.
    pub max_nesting: u32,
    /// Top-level embedded C.
    pub embedded: Vec<String>,
    /// Embedded C for the end of the file.
    pub suffixes: Vec<String>,
    /// Frames of handlers.
    pub probe_frames: Vec<FrameView>,
    /// Frames of functions.
    pub function_frames: Vec<FrameView>,
    /// Map types.
    pub maps: Vec<MapView>,
    /// Tables of regular expressions.
    pub regexes: Vec<String>,
    /// Declarations of globals, locks and parameters.
    pub globals: Vec<String>,
    /// Arrays to allocate.
    pub arrays: Vec<ArrayView>,
    /// Scalar statistics to allocate.
    pub stats: Vec<String>,
    /// Rows of stap_build_ids[].
    pub build_ids: Vec<String>,
    /// Rows of stap_symbols[].
    pub symbols: Vec<String>,
    /// Prototypes of functions.
    pub prototypes: Vec<String>,
    /// Functions and handlers.
    pub bodies: Vec<String>,
    /// Rows of stap_probes[].
    pub probes: Vec<String>,
    /// Rows of stap_conditions[].
    pub conditions: Vec<String>,
    /// Families that arm and disarm their probes.
    pub armed: Vec<&'static str>,
    /// Some handler can change a condition.
    pub conditions_change: bool,
    /// What the families add, rendered.
    pub families: Vec<String>,
    /// begin, end or error probes exist.
    pub has_begin_end: bool,
    /// Families that register, in order.
    pub registered: Vec<RegisteredView>,
    /// The same in the order of unregistering.
    pub unregistered: Vec<RegisteredView>,
    /// Some probe can come and go with a kernel module.
    pub has_refresh: bool,
    /// Headers of families whose handlers reach what others do not.
    pub includes: Vec<&'static str>,
    /// Some statement prints a histogram.
    pub prints_histograms: bool,
    /// Some statement prints memory.
    pub prints_memory: bool,
    /// Some embedded C asks for names of addresses.
    pub needs_symbols: bool,
    /// Some embedded C asks for the kernel's stack.
    pub needs_unwind: bool,
}

/// A `#define` that gives way to one that is there.
#[derive(Serialize)]
pub struct DefineView {
    /// The macro.
    pub name: String,
    /// Its meaning.
    pub value: String,
}

/// A member of a frame union.
#[derive(Serialize)]
pub struct FrameView {
    /// The handler's or function's name.
    pub name: String,
    /// Declarations.
    pub members: Vec<String>,
}

/// An instance of the map template.
#[derive(Serialize, Clone, PartialEq, Eq)]
pub struct MapView {
    /// The type's name.
    pub name: String,
    /// `L(0) S(1)`
    pub keys: String,
    /// `LONG`, `STRING` or `STAT`
    pub value: &'static str,
    /// Buckets of the histogram, 0 for none.
    pub buckets: u64,
}

/// An array global.
#[derive(Serialize)]
pub struct ArrayView {
    /// The variable.
    pub variable: String,
    /// Its map type.
    pub map: String,
    /// Rows, as C text.
    pub size: String,
    /// `true` or `false`
    pub wrap: bool,
    /// Foreach statements that sort it.
    pub sites: u32,
}

/// A family with its register and unregister functions.
#[derive(Serialize, Clone)]
pub struct RegisteredView {
    /// `stap_kprobe` and so on.
    pub prefix: &'static str,
    /// The family that registers before it.
    pub before: Option<&'static str>,
}

/// A family's table.
#[derive(Serialize)]
pub struct TableView {
    /// Rows in C.
    pub rows: Vec<String>,
}

/// probe_tracepoint.c
#[derive(Serialize)]
pub struct TracepointView {
    /// Prototypes of probe functions.
    pub prototypes: Vec<String>,
    /// Rows in C.
    pub rows: Vec<String>,
    /// Probe functions.
    pub enters: Vec<String>,
}

/// All templates, parsed.
pub struct Templates(Tera);

impl Templates {
    /// Parses the templates.
    pub fn load() -> Result<Self, Diagnostic> {
        let mut tera = Tera::default();
        // C has no `@`, so braces of initialisers cannot be taken for the template's own.
        tera.set_delimiters(tera::Delimiters {
            block_start: "@%".into(),
            block_end: "%@".into(),
            variable_start: "@{".into(),
            variable_end: "}@".into(),
            comment_start: "@#".into(),
            comment_end: "#@".into(),
        })
        .map_err(internal)?;
        tera.add_raw_templates(TEMPLATES).map_err(internal)?;
        Ok(Templates(tera))
    }

    /// Renders one template.
    pub fn render(&self, name: &str, view: &impl Serialize) -> Result<String, Diagnostic> {
        let context = Context::from_serialize(view).map_err(internal)?;
        self.0.render(name, &context).map_err(internal)
    }
}

fn internal(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(Code::Internal, Severity::Error, format!("template error: {error}"))
        .help("this is a fault of stap-rs itself; please report it with the script")
}
