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

/// Most words of a call that a probe function looks at; runtime-c/probe/tracepoint.h has as many.
pub const MAX_ARGUMENTS: u16 = 16;

/// The parameters of a function as words of its call: those in registers first, then those on the stack.
pub fn arguments(types: &dyn Types, params: &[TypeId]) -> Result<Vec<Location>, Broken> {
    let sizes = params.iter().map(|&ty| Ok(passed_size(types, ty)?.unwrap_or(0)));
    let sizes: Vec<u64> = sizes.collect::<Result<_, Broken>>()?;
    Ok(parameters(types, params)?.into_iter().zip(sizes).map(|(at, bytes)| argument(at, bytes)).collect())
}

fn argument(at: Location, bytes: u64) -> Location {
    match at {
        Location::Register(register) => match INTEGER.iter().position(|&known| known == register) {
            Some(word) => Location::Argument(word as u16),
            None => Location::Missing("it is in no register of a call".into()),
        },
        Location::Pieces(pieces) => {
            let part = |Piece { bytes, location }| Piece { bytes, location: argument(location, WORD) };
            Location::Pieces(pieces.into_iter().map(part).collect())
        }
        Location::Memory(program) => match program[..] {
            [Op::Register(STACK_POINTER, offset)] => on_stack(offset, bytes),
            _ => Location::Missing("it is not on the stack of a call".into()),
        },
        other => other,
    }
}

/// Words of the stack; the first lies above the return address.
fn on_stack(offset: i64, bytes: u64) -> Location {
    let first = u64::try_from(offset).unwrap_or(0) / WORD + INTEGER.len() as u64 - 1;
    let words = bytes.div_ceil(WORD);
    if words == 0 || first.saturating_add(words) > u64::from(MAX_ARGUMENTS) {
        return Location::Missing(format!("it is passed behind the first {MAX_ARGUMENTS} words"));
    }
    let word = |index: u64| Location::Argument((first + index) as u16);
    match words {
        1 => word(0),
        _ => {
            let size = |index: u64| (bytes - index * WORD).min(WORD) as u32;
            Location::Pieces(
                (0..words).map(|index| Piece { bytes: size(index), location: word(index) }).collect(),
            )
        }
    }
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
    fn words_of_a_call() {
        let params: Vec<_> = [8, 4, 16, 8, 16, 8, 1, 24].iter().map(|&size| id(size)).collect();
        let found = arguments(&Sizes, &params).expect("sound");
        let words = |from: u16, sizes: &[u32]| {
            let words = sizes.iter().zip(from..);
            Location::Pieces(
                words.map(|(&bytes, word)| Piece { bytes, location: Location::Argument(word) }).collect(),
            )
        };
        assert_eq!(found[..2], [Location::Argument(0), Location::Argument(1)]);
        assert_eq!(found[2], words(2, &[8, 8]));
        // One register is left: it takes the next single word, and the record of two goes on the stack.
        assert_eq!(
            found[3..7],
            [Location::Argument(4), words(6, &[8, 8]), Location::Argument(5), Location::Argument(8)]
        );
        assert_eq!(found[7], words(9, &[8, 8, 8]));
        let many: Vec<_> = (0..20).map(|_| id(8)).collect();
        let found = arguments(&Sizes, &many).expect("sound");
        assert_eq!(found[15], Location::Argument(15));
        assert!(matches!(found[16], Location::Missing(_)));
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
