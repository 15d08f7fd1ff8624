//! Conditions of probes: each in a function of its own, which a work item of the module calls to arm and disarm.

use rustc_hash::{FxHashMap, FxHashSet};

use super::body::{Body, Unit};
use super::handlers::Written;
use super::layout;
use super::names;
use super::render::FrameView;
use super::writer::Writer;
use crate::ir::expr::Expr;
use crate::ir::program::{GlobalId, Point, Probe};
use crate::ir::refs::{self, Refs};

/// The conditions of probes that can be disarmed.
#[derive(Default)]
pub struct Conditions<'p> {
    list: Vec<Condition<'p>>,
    of_text: FxHashMap<String, usize>,
}

struct Condition<'p> {
    test: &'p Expr,
    /// What it reads and some handler writes.
    reads: Vec<GlobalId>,
}

impl<'p> Conditions<'p> {
    /// Those of a program's probes, each once.
    pub fn of(probes: &[&'p Probe]) -> Self {
        let mut conditions = Conditions::default();
        for probe in probes.iter().filter(|probe| can_be_disarmed(&probe.point)) {
            let Some(test) = &probe.condition else { continue };
            let text = key(test);
            if conditions.of_text.contains_key(&text) {
                continue;
            }
            let named = globals(test);
            let locked = probe.locks.iter().map(|lock| lock.global);
            let reads = locked.filter(|global| named.contains(global)).collect();
            conditions.of_text.insert(text, conditions.list.len());
            conditions.list.push(Condition { test, reads });
        }
        conditions
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Which one guards a probe.
    pub fn index(&self, probe: &Probe) -> Option<usize> {
        let test = probe.condition.as_ref().filter(|_| can_be_disarmed(&probe.point))?;
        self.of_text.get(&key(test)).copied()
    }

    /// Whether some handler can change one.
    pub fn change(&self) -> bool {
        self.list.iter().any(|condition| !condition.reads.is_empty())
    }

    /// Whether a probe's handler writes what a condition reads.
    pub fn touched_by(&self, probe: &Probe) -> bool {
        let mut written = probe.locks.iter().filter(|lock| lock.write).map(|lock| lock.global);
        written.any(|global| self.list.iter().any(|condition| condition.reads.contains(&global)))
    }

    /// Their functions.
    pub fn functions(&self, unit: &Unit<'_>, sort_sites: &mut Vec<u32>) -> Vec<Written> {
        (self.list.iter().zip(1..))
            .map(|(condition, number)| condition.function(unit, number, sort_sites))
            .collect()
    }

    /// Rows of stap_conditions[].
    pub fn rows(&self) -> Vec<String> {
        (1..=self.list.len()).map(|number| format!("{{ .evaluate = condition_{number} }},")).collect()
    }
}

impl Condition<'_> {
    /// 1, 0, or -1 when a lock is held. After an error it holds, so that the hit reports the error.
    fn function(&self, unit: &Unit<'_>, number: usize, sort_sites: &mut Vec<u32>) -> Written {
        let name = format!("condition_{number}");
        let mut body = Body::new(unit, None, &[], sort_sites);
        if unit.match_sizes.is_some() {
            body.out.line("c->match.tags = 0;");
        }
        body.scoped(|body| {
            let value = body.long(self.test);
            body.out.line(format!("holds = ({value}) != 0;"));
        });
        body.label("out");
        let temps = body.string_temps();
        let prototype = format!("static int {name}(struct context *__restrict__ c)");
        let mut out = Writer::default();
        out.line(&prototype);
        out.open("{");
        if !self.reads.is_empty() {
            out.open("static const struct stp_probe_lock locks[] = {");
            for &global in &self.reads {
                let lock = names::global_lock(&unit.program.globals[global]);
                out.line(format!("{{ .lock = &{lock}, .write_p = 0 }},"));
            }
            out.close("};");
        }
        out.line(format!("struct {name}_locals *l = &c->probe_locals.{name};"));
        out.line("int holds = 1;");
        out.line("");
        out.line("(void)l;");
        if !self.reads.is_empty() {
            out.line("if (!stp_lock_all_free(c, locks, ARRAY_SIZE(locks)))");
            out.line("\treturn -1;");
        }
        out.append(body.out);
        if !self.reads.is_empty() {
            out.line("stp_unlock_probe(c, locks, ARRAY_SIZE(locks));");
        }
        out.line("return holds;");
        out.close("}");
        Written {
            prototype,
            text: out.finish(),
            frame: FrameView { name, members: layout::members(&[], temps) },
        }
    }
}

/// Points whose families arm and disarm them while the session runs; the handlers of others test their conditions.
fn can_be_disarmed(point: &Point) -> bool {
    matches!(
        point,
        Point::Kprobe(_)
            | Point::TimerHr { .. }
            | Point::TimerJiffies { .. }
            | Point::Perf(_)
            | Point::Data(_)
    )
}

/// The families of those points.
pub fn arms(prefix: &str) -> bool {
    matches!(prefix, "stap_kprobe" | "stap_hrtimer" | "stap_timer" | "stap_perf" | "stap_data")
}

/// The same for all conditions that test the same.
fn key(test: &Expr) -> String {
    format!("{:?}", test.kind)
}

fn globals(test: &Expr) -> FxHashSet<GlobalId> {
    struct Named(FxHashSet<GlobalId>);
    impl Refs for Named {
        fn global(&mut self, id: &mut GlobalId) {
            self.0.insert(*id);
        }
    }
    let mut named = Named(FxHashSet::default());
    refs::expr(&mut test.clone(), &mut named);
    named.0
}
