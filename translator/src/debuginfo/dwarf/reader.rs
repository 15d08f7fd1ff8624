//! The answers to the questions of [`DebugInfo`].

use super::units::{Entry, Unit, broken, reference};
use super::{Dwarf, index::Index, rows::EXTERNAL, types, variables};
use crate::debuginfo::function::Declared;
use crate::debuginfo::{
    Broken, Call, DebugInfo, Function, FunctionId, Label, Outline, Refusal, Site, Source, Statement, Type,
    TypeId, TypeKind, Variable,
};
use crate::source::Symbol;

/// Longest chain from an instance of a function or variable to the DIE that has its name. C has two links.
const MAX_ORIGINS: usize = 8;

/// Most lines of one function; ranges of broken debuginfo may overlap without end.
const MAX_STATEMENTS: usize = 1 << 20;

impl DebugInfo for Dwarf {
    fn source(&self) -> &Source {
        &self.source
    }

    fn each_function(&self, visit: &mut dyn FnMut(&str, FunctionId)) -> Result<(), Broken> {
        for row in 0..self.index.functions() {
            let function = self.index.function(row).ok_or_else(cut_off)?;
            visit(self.index.text(function.name), FunctionId(row as u32));
        }
        Ok(())
    }

    fn each_declared(&self, visit: &mut dyn FnMut(&str, &str, u32, FunctionId)) -> Result<(), Broken> {
        for row in 0..self.index.functions() {
            let function = self.index.function(row).ok_or_else(cut_off)?;
            let (name, file) = (self.index.text(function.name), self.index.text(function.file));
            visit(name, file, function.line_external & !EXTERNAL, FunctionId(row as u32));
        }
        Ok(())
    }

    fn functions_named(&self, name: &str) -> Result<Vec<FunctionId>, Broken> {
        Ok(self.index.functions_named(name).map(|row| FunctionId(row as u32)).collect())
    }

    fn function(&self, id: FunctionId) -> Result<Function, Broken> {
        let Outline { declared, entry, inlined } = self.outline(id)?;
        let place = self.place(id)?;
        let row = self.index.function(place.function).ok_or_else(cut_off)?;
        let (result, variadic) = types::signature_of(self, place.die)?;
        Ok(Function {
            name: Symbol::new(self.index.text(row.name)),
            declared,
            result: Some(result),
            variadic,
            external: Some(row.line_external & EXTERNAL != 0),
            entry,
            inlined,
        })
    }

    fn outline(&self, id: FunctionId) -> Result<Outline, Broken> {
        let place = self.place(id)?;
        let row = self.index.function(place.function).ok_or_else(cut_off)?;
        let (file, line) = (self.index.text(row.file), row.line_external & !EXTERNAL);
        let declared = (!file.is_empty()).then(|| Declared { file: Symbol::new(file), line });
        let inlined = match place.instance {
            true => Vec::new(),
            false => instances(&self.index, row.inlined, row.inlined_count),
        };
        Ok(Outline { declared, entry: place.entry, inlined })
    }

    fn variables(&self, id: FunctionId, site: Site) -> Result<Vec<Variable>, Broken> {
        let place = self.place(id)?;
        variables::at(self, place.die, place.entry, site)
    }

    fn refusal(&self, address: u64) -> Option<Refusal> {
        self.symbols().refusal(address)
    }

    fn address_in(&self, section: &str, offset: u64) -> Option<u64> {
        let section = self.file.sections.iter().find(|known| known.name == section)?;
        section.address.checked_add(offset).filter(|_| offset < section.size)
    }

    fn symbol_at(&self, address: u64) -> Option<(String, u64)> {
        self.symbol_before(address)
    }

    fn statements(&self, id: FunctionId) -> Result<Vec<Statement>, Broken> {
        let place = self.place(id)?;
        let unit = self.units.number_of(place.die);
        let lines = self.lines(unit)?;
        self.with_entry(place.die, |unit, entry| {
            let mut found = Vec::new();
            let mut ranges = self.file.dwarf.die_ranges(unit, entry).map_err(broken)?;
            while let Some(range) = ranges.next().map_err(broken)? {
                found.extend_from_slice(lines.within(range.begin, range.end));
                if found.len() > MAX_STATEMENTS {
                    return Err(Broken(format!("the function at {:#x} has too many lines", place.die)));
                }
            }
            found.sort_by_key(|statement| statement.address);
            Ok(found)
        })
    }

    fn functions_at(&self, address: u64) -> Result<Vec<FunctionId>, Broken> {
        self.functions_around(address)
    }

    fn calls(&self, id: FunctionId) -> Result<Vec<Call>, Broken> {
        let mut found = Vec::new();
        self.calls_of(self.place(id)?.die, 0, &mut found)?;
        Ok(found)
    }

    fn labels(&self, id: FunctionId) -> Result<Vec<Label>, Broken> {
        let place = self.place(id)?;
        let mut found = Vec::new();
        variables::labels(self, place.die, 0, &mut found)?;
        Ok(found)
    }

    fn ty(&self, number: u32) -> Result<Type, Broken> {
        types::read(self, number)
    }

    fn type_named(&self, kind: TypeKind, name: &str) -> Result<Option<TypeId>, Broken> {
        Ok(self.index.type_named(kind, name).map(|die| self.type_id(die)))
    }

    fn global(&self, name: &str, file: Option<&str>) -> Result<Option<Variable>, Broken> {
        let fits = |path: &str| match file {
            None => true,
            Some(file) => path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')),
        };
        let mut found = self.index.variables_named(name).filter(|(_, path)| fits(path));
        found.next().map(|(die, _)| variables::global(self, die)).transpose()
    }

    fn enumerator(&self, name: &str) -> Result<Option<i64>, Broken> {
        Ok(self.index.enumerator(name))
    }
}

/// Where a function, or an instance of one, is described.
struct Place {
    /// The row of the function.
    function: usize,
    die: u32,
    entry: Option<u64>,
    instance: bool,
}

impl Dwarf {
    /// Numbers of instances go on where those of functions end.
    fn place(&self, id: FunctionId) -> Result<Place, Broken> {
        let number = id.0 as usize;
        let present = |entry: u64| (entry != 0).then_some(entry);
        match number.checked_sub(self.index.functions()) {
            None => {
                let row = self.index.function(number).ok_or_else(cut_off)?;
                Ok(Place { function: number, die: row.die, entry: present(row.entry), instance: false })
            }
            Some(instance) => {
                let row = self.index.inlined(instance).ok_or_else(cut_off)?;
                let function = row.function as usize;
                Ok(Place { function, die: row.die, entry: present(row.entry), instance: true })
            }
        }
    }

    /// A handle of this object; 0 is no DIE, and stands for void.
    pub fn type_id(&self, number: u32) -> TypeId {
        TypeId { object: self.object, number }
    }

    /// Calls `read` with a DIE and its unit.
    pub fn with_entry<T>(
        &self,
        die: u32,
        read: impl FnOnce(&Unit, &Entry) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let (unit, offset) = self.units.find(&self.file.dwarf, die)?;
        let entry = unit.entry(offset).map_err(broken)?;
        read(&unit, &entry)
    }

    /// What an attribute says of a DIE, or of those that it is an instance of.
    pub fn inherited<T>(
        &self,
        die: u32,
        read: &dyn Fn(&Unit, &Entry) -> Option<T>,
    ) -> Result<Option<T>, Broken> {
        let mut at = die;
        for _ in 0..MAX_ORIGINS {
            let (found, origin) = self.with_entry(at, |unit, entry| {
                let origin = entry.attr_value(gimli::DW_AT_abstract_origin);
                let origin = origin.or_else(|| entry.attr_value(gimli::DW_AT_specification));
                Ok((read(unit, entry), origin.and_then(|value| reference(unit, value))))
            })?;
            match (found, origin) {
                (Some(found), _) => return Ok(Some(found)),
                (None, Some(origin)) => at = origin,
                (None, None) => return Ok(None),
            }
        }
        Err(Broken(format!("the origins of {die:#x} form a ring")))
    }

    /// The name of a DIE.
    pub fn name(&self, die: u32) -> Result<Option<Symbol>, Broken> {
        self.inherited(die, &|unit, entry| self.own_name(unit, entry))
    }

    /// The name that a DIE itself has.
    pub fn own_name(&self, unit: &Unit, entry: &Entry) -> Option<Symbol> {
        let value = entry.attr_value(gimli::DW_AT_name)?;
        let text = self.file.dwarf.attr_string(unit, value).ok()?;
        Some(Symbol::new(&text.to_string_lossy()))
    }

    /// The type of a DIE; void when it has none.
    pub fn type_of(&self, die: u32) -> Result<TypeId, Broken> {
        let number = self.inherited(die, &|unit, entry| {
            entry.attr_value(gimli::DW_AT_type).and_then(|value| reference(unit, value))
        })?;
        Ok(self.type_id(number.unwrap_or(0)))
    }
}

fn instances(index: &Index, first: u32, count: u32) -> Vec<FunctionId> {
    let base = index.functions() as u32;
    let numbers = first..first.saturating_add(count);
    // A count of a broken index may be anything.
    let real = numbers.take_while(|row| index.inlined(*row as usize).is_some());
    real.map(|row| FunctionId(base.saturating_add(row))).collect()
}

fn cut_off() -> Broken {
    Broken("its index is cut off".into())
}
