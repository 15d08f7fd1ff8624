//! Arrays: elements, `in`, `delete`, `foreach`.

use super::body::Body;
use super::names;
use crate::ir::expr::Expr;
use crate::ir::program::{Global, GlobalId};
use crate::ir::stmt::{Foreach, Sort, SortBy};
use crate::ir::ty::{Ty, ValueTy};
use crate::source::Span;

impl Body<'_> {
    /// Fills a key and gives its variable.
    fn key(&mut self, array: GlobalId, keys: &[Expr]) -> String {
        let keys: Vec<_> = keys.iter().collect();
        let values = self.values(&keys, &[]);
        self.key_of(array, &values)
    }

    /// The same for key parts that have been evaluated.
    fn key_of(&mut self, array: GlobalId, values: &[String]) -> String {
        let name = self.declare(&format!("struct {}_key @", names::map_type(self.global(array))));
        for (index, value) in values.iter().enumerate() {
            self.out.line(format!("{name}.k{index} = {value};"));
        }
        name
    }

    /// A variable that holds the element under a key, or NULL.
    pub fn find(&mut self, array: GlobalId, keys: &[Expr]) -> String {
        let key = self.key(array, keys);
        self.find_key(array, &key)
    }

    /// The same for key parts that have been evaluated.
    pub fn find_values(&mut self, array: GlobalId, values: &[String]) -> String {
        let key = self.key_of(array, values);
        self.find_key(array, &key)
    }

    fn find_key(&mut self, array: GlobalId, key: &str) -> String {
        let global = self.global(array);
        let (map, var) = (names::map_type(global), names::global(global));
        let node = self.declare(&format!("struct {map}_node *@"));
        self.out.line(format!("{node} = {map}_find({var}, &{key});"));
        node
    }

    /// The long under a key; 0 when there is none.
    pub fn element_long(&mut self, array: GlobalId, keys: &[Expr]) -> String {
        let node = self.find(array, keys);
        self.keep_long(&format!("{node} ? {node}->value : 0"))
    }

    /// The string under a key; empty when there is none.
    pub fn element_string(&mut self, array: GlobalId, keys: &[Expr]) -> String {
        let node = self.find(array, keys);
        let value = self.declare("const char *@");
        self.out.line(format!("{value} = {node} ? {node}->value : \"\";"));
        value
    }

    /// The element under a key as an lvalue, added when it is not there.
    pub fn element_for_writing(&mut self, array: GlobalId, keys: &[Expr], span: Span) -> String {
        format!("{}->value", self.node_for_writing(array, keys, span))
    }

    /// A variable that holds the element under a key, added when it is not there.
    pub fn node_for_writing(&mut self, array: GlobalId, keys: &[Expr], span: Span) -> String {
        let key = self.key(array, keys);
        let global = self.global(array);
        let (map, var) = (names::map_type(global), names::global(global));
        let node = self.declare(&format!("struct {map}_node *@"));
        self.out.line(format!("{node} = {map}_obtain({var}, &{key});"));
        self.fail_if(&format!("!{node}"), &self.overflow_message(array), span);
        node
    }

    /// What is said when an array is full.
    pub fn overflow_message(&self, array: GlobalId) -> String {
        match self.global(array).size {
            Some(size) => format!("Array overflow, check size limit ({size})"),
            None => "Array overflow, check MAXMAPENTRIES".to_owned(),
        }
    }

    /// `[keys] in array`
    pub fn contains(&mut self, array: GlobalId, keys: &[Option<Expr>]) -> String {
        if let Some(keys) = keys.iter().cloned().collect::<Option<Vec<Expr>>>() {
            let node = self.find(array, &keys);
            return format!("((int64_t)({node} != NULL))");
        }
        let wanted = self.slice(keys);
        let found = self.keep_long("0");
        let at = self.declare("uint32_t @");
        let (var, matches) = (names::global(self.global(array)), self.matches(array, &at, &wanted));
        self.out.open(format!(
            "for ({at} = {var}->oldest; {at} && !{found}; {at} = {var}->nodes[{at}].newer) {{"
        ));
        self.out.line(format!("{found} = {matches};"));
        self.out.close("}");
        found
    }

    /// `delete array[keys]`
    pub fn delete_element(&mut self, array: GlobalId, keys: &[Option<Expr>]) {
        let (map, var) = (names::map_type(self.global(array)), names::global(self.global(array)));
        if let Some(keys) = keys.iter().cloned().collect::<Option<Vec<Expr>>>() {
            let key = self.key(array, &keys);
            self.out.line(format!("{map}_remove({var}, &{key});"));
            return;
        }
        let wanted = self.slice(keys);
        let at = self.declare("uint32_t @");
        let next = self.declare("uint32_t @");
        let matches = self.matches(array, &at, &wanted);
        self.out.open(format!("for ({at} = {var}->oldest; {at}; {at} = {next}) {{"));
        self.out.line(format!("{next} = {var}->nodes[{at}].newer;"));
        self.out.line(format!("if ({matches})"));
        self.out.line(format!("\t{map}_unlink({var}, {at});"));
        self.out.close("}");
    }

    /// `delete global` of a scalar or a whole array.
    pub fn delete_all(&mut self, id: GlobalId) {
        let global = self.global(id);
        let var = names::global(global);
        let line = match (global.keys.is_empty(), global.value) {
            (false, _) => format!("{}_clear({var});", names::map_type(global)),
            (true, ValueTy::Scalar(Ty::String)) => format!("{var}[0] = '\\0';"),
            (true, ValueTy::Scalar(Ty::Long)) => format!("{var} = 0;"),
            (true, ValueTy::Stat(_)) => return self.clear_statistic(global),
        };
        self.out.line(line);
    }

    /// Values of the key parts of a slice, `None` for `*`.
    fn slice(&mut self, keys: &[Option<Expr>]) -> Vec<Option<String>> {
        let given: Vec<_> = keys.iter().flatten().collect();
        let mut values = self.values(&given, &[]).into_iter();
        keys.iter().map(|key| key.as_ref().and_then(|_| values.next())).collect()
    }

    /// Whether the element numbered `at` has these key parts.
    fn matches(&self, array: GlobalId, at: &str, wanted: &[Option<String>]) -> String {
        let global = self.global(array);
        let node = format!("{}->nodes[{at}]", names::global(global));
        let tests: Vec<_> = wanted
            .iter()
            .zip(&global.keys)
            .enumerate()
            .filter_map(|(index, (value, ty))| {
                let value = value.as_ref()?;
                Some(match ty {
                    Ty::Long => format!("{node}.k{index} == {value}"),
                    Ty::String => format!("!strcmp({node}.k{index}, {value})"),
                })
            })
            .collect();
        if tests.is_empty() { "1".to_owned() } else { tests.join(" && ") }
    }

    /// `foreach`
    pub fn foreach(&mut self, foreach: &Foreach, span: Span) {
        let limit = foreach.limit.as_ref().map(|limit| {
            let value = self.long(limit);
            self.keep_long(&value)
        });
        let wanted = self.kept_slice(foreach);
        let at = self.declare("uint32_t @");
        match foreach.sort {
            None => {
                let var = names::global(self.global(foreach.array));
                let next = self.declare("uint32_t @");
                self.out.open(format!("for ({at} = {var}->oldest; {at}; {at} = {next}) {{"));
                self.out.line(format!("{next} = {var}->nodes[{at}].newer;"));
            }
            Some(sort) => self.open_sorted(foreach.array, sort, &at),
        }
        self.foreach_body(foreach, span, &at, &wanted, limit);
        self.out.close("}");
    }

    /// The slice's values, in temporaries: the body may change what they were read from.
    fn kept_slice(&mut self, foreach: &Foreach) -> Vec<Option<String>> {
        let types = self.global(foreach.array).keys.clone();
        let wanted = self.slice(&foreach.slice);
        wanted.into_iter().zip(types).map(|(value, ty)| value.map(|value| self.keep(ty, &value))).collect()
    }

    /// Opens a loop over the elements in the order that `sort` gives.
    fn open_sorted(&mut self, array: GlobalId, sort: Sort, at: &str) {
        let global: &Global = self.global(array);
        let (map, var) = (names::map_type(global), names::global(global));
        let column = match sort.by {
            SortBy::Key(index) => index.to_string(),
            SortBy::Value => "-1".to_owned(),
            SortBy::Stat(op) => format!("-2 - {}", super::stats::figure(op)),
        };
        let site = self.sort_sites[array.index()];
        self.sort_sites[array.index()] += 1;
        let items = self.declare("const struct stp_sort_item *@");
        let index = self.declare("uint32_t @");
        let count = self.declare("uint32_t @");
        self.out.line(format!("{items} = {map}_sort({var}, {site}, {column}, {});", !sort.ascending));
        self.out.line(format!("{count} = {var}->count;"));
        self.out.open(format!("for ({index} = 0; {index} < {count}; {index}++) {{"));
        self.out.line(format!("{at} = {items}[{index}].node;"));
    }

    fn foreach_body(
        &mut self,
        foreach: &Foreach,
        span: Span,
        at: &str,
        wanted: &[Option<String>],
        limit: Option<String>,
    ) {
        if wanted.iter().any(Option::is_some) {
            let matches = self.matches(foreach.array, at, wanted);
            self.out.line(format!("if (!({matches}))"));
            self.out.line("\tcontinue;");
        }
        if let Some(limit) = limit {
            self.out.line(format!("if ({limit}-- <= 0)"));
            self.out.line("\tbreak;");
        }
        let cost = self.unit.facts.straight_cost(&foreach.body).saturating_add(1);
        self.take_actions(cost, span);
        self.bind(foreach, at);
        let label = self.new_label("continue");
        self.looping(&label, |body| body.block(&foreach.body));
        self.label(&label);
    }

    /// Copies an element's keys and value to the loop's variables.
    fn bind(&mut self, foreach: &Foreach, at: &str) {
        let global = self.global(foreach.array);
        let node = format!("{}->nodes[{at}]", names::global(global));
        for (index, (key, &ty)) in foreach.keys.iter().zip(&global.keys).enumerate() {
            self.copy(ty, &self.local(key.local), &format!("{node}.k{index}"));
        }
        if let (Some(value), ValueTy::Scalar(ty)) = (foreach.value, global.value) {
            self.copy(ty, &self.local(value.local), &format!("{node}.value"));
        }
    }

    fn copy(&mut self, ty: Ty, dest: &str, value: &str) {
        self.out.line(match ty {
            Ty::Long => format!("{dest} = {value};"),
            Ty::String => format!("stp_string_copy({dest}, {value});"),
        });
    }
}
