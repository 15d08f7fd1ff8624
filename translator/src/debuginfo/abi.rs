//! The calling convention of x86-64 (System V ABI, 3.2.3): where BTF's parameters and results lie.
//!
//! Kernels pass no floating-point values. What the convention does not tell from types alone (packed members) does not
//! occur in parameters.

use super::Broken;
use super::location::{Location, Op, Piece};
use super::types::{Type, TypeId, Types, peel, size_of};

/// rdi, rsi, rdx, rcx, r8, r9 by their DWARF numbers.
const INTEGER: [u16; 6] = [5, 4, 1, 2, 8, 9];
/// rax and rdx.
const RESULT: [u16; 2] = [0, 1];
const STACK_POINTER: u16 = 7;
const WORD: u64 = 8;

/// Where the parameters of a function lie at its first instruction.
pub fn parameters(types: &dyn Types, params: &[TypeId]) -> Result<Vec<Location>, Broken> {
    let mut free = &INTEGER[..];
    // The return address comes first.
    let mut stack = WORD;
    params
        .iter()
        .map(|&ty| {
            let Some(bytes) = passed_size(types, ty)? else {
                return Ok(Location::Missing("it is a floating-point value or of unknown size".into()));
            };
            let words = bytes.div_ceil(WORD) as usize;
            if bytes <= 2 * WORD && words <= free.len() {
                let (own, rest) = free.split_at(words);
                free = rest;
                return Ok(in_registers(own, bytes));
            }
            let offset = stack;
            stack = stack.saturating_add(bytes.div_ceil(WORD).saturating_mul(WORD));
            Ok(Location::Memory(vec![Op::Register(STACK_POINTER, offset as i64)]))
        })
        .collect()
}

/// Where a function's result lies when it has returned; `None` when it has none.
pub fn result(types: &dyn Types, ty: TypeId) -> Result<Option<Location>, Broken> {
    if peel(types, ty)?.1 == Type::Void {
        return Ok(None);
    }
    Ok(Some(match passed_size(types, ty)? {
        None => Location::Missing("it is a floating-point value or of unknown size".into()),
        Some(bytes) if bytes <= 2 * WORD => in_registers(&RESULT[..bytes.div_ceil(WORD) as usize], bytes),
        // The caller gave the place; its address comes back.
        Some(_) => Location::Memory(vec![Op::Register(RESULT[0], 0)]),
    }))
}

/// The size of a value that is passed as integers or in memory.
fn passed_size(types: &dyn Types, ty: TypeId) -> Result<Option<u64>, Broken> {
    match peel(types, ty)?.1 {
        Type::Float(..) => Ok(None),
        _ => size_of(types, ty),
    }
}

fn in_registers(registers: &[u16], bytes: u64) -> Location {
    match *registers {
        [] => Location::Missing("it is empty".into()),
        [one] => Location::Register(one),
        [low, high, ..] => Location::Pieces(vec![
            Piece { bytes: WORD as u32, location: Location::Register(low) },
            Piece { bytes: (bytes - WORD) as u32, location: Location::Register(high) },
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ObjectId;
    use super::super::types::{Encoding, Int, Record};
    use super::*;
    use crate::source::Symbol;

    /// A type of so many bytes for each number: integers up to 8, records above; 0 is void, 100 a float.
    struct Sizes;

    impl Types for Sizes {
        fn ty(&self, id: TypeId) -> Result<Type, Broken> {
            let bytes = u64::from(id.number);
            Ok(match bytes {
                0 => Type::Void,
                100 => Type::Float(Symbol::new("double"), 8),
                1..=8 => Type::Int(Int {
                    name: Symbol::new("int"),
                    bytes,
                    signed: true,
                    encoding: Encoding::Number,
                }),
                _ => Type::Record(Record { union: false, name: None, bytes, members: [].into() }),
            })
        }
    }

    fn id(number: u32) -> TypeId {
        TypeId { object: ObjectId::KERNEL, number }
    }

    fn places(sizes: &[u32]) -> Vec<Location> {
        let params: Vec<_> = sizes.iter().map(|&size| id(size)).collect();
        parameters(&Sizes, &params).expect("sound")
    }

    fn stack(offset: i64) -> Location {
        Location::Memory(vec![Op::Register(7, offset)])
    }

    #[test]
    fn six_words_go_in_registers_the_rest_on_the_stack() {
        let found = places(&[8, 4, 1, 8, 8, 8, 4, 8]);
        let registers = [5, 4, 1, 2, 8, 9].map(Location::Register);
        assert_eq!(found[..6], registers);
        assert_eq!(found[6..], [stack(8), stack(16)]);
    }

    #[test]
    fn records_go_whole_in_two_registers_or_on_the_stack() {
        let found = places(&[8, 24, 12, 8, 8, 16, 8]);
        assert_eq!(found[1], stack(8));
        let Location::Pieces(pieces) = &found[2] else { panic!("{:?}", found[2]) };
        assert_eq!(pieces.iter().map(|piece| piece.bytes).collect::<Vec<_>>(), [8, 4]);
        // One register is left: the record of two words goes on the stack, what follows takes the register.
        assert_eq!(found[5], stack(32));
        assert_eq!(found[6], Location::Register(9));
    }

    #[test]
    fn results() {
        assert_eq!(result(&Sizes, id(0)), Ok(None));
        assert_eq!(result(&Sizes, id(4)), Ok(Some(Location::Register(0))));
        assert_eq!(result(&Sizes, id(24)), Ok(Some(Location::Memory(vec![Op::Register(0, 0)]))));
        assert!(matches!(result(&Sizes, id(16)), Ok(Some(Location::Pieces(_)))));
        assert!(matches!(result(&Sizes, id(100)), Ok(Some(Location::Missing(_)))));
    }
}
