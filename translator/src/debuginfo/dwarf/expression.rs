//! DWARF expressions, checked and turned into address programs.

use gimli::{Operation, UnitOffset};

use super::types::integer;
use super::units::{Unit, broken};
use super::{Dwarf, Reader};
use crate::debuginfo::Broken;
use crate::debuginfo::location::{Binary, Location, Op, Piece, Unary};

/// Longest program. Compilers write a dozen operations; each is executed in a handler.
const MAX_OPS: usize = 256;

/// The section of per-CPU variables.
const PER_CPU: &str = ".data..percpu";

/// What the words of an expression depend on.
pub struct Context<'a> {
    /// The object.
    pub dwarf: &'a Dwarf,
    /// The unit that the expression is in.
    pub unit: &'a Unit,
    /// It holds at the first instruction of a function that was called.
    pub entry: bool,
    /// The program that computes the address of the caller's frame.
    pub cfa: &'a dyn Fn() -> Result<Vec<Op>, String>,
    /// The program that computes the base of the function's own frame.
    pub frame_base: &'a dyn Fn() -> Result<Vec<Op>, String>,
}

/// Turns an expression into a location. What is sound but cannot be had is [`Location::Missing`].
pub fn locate(context: &Context<'_>, expression: gimli::Expression<Reader>) -> Result<Location, Broken> {
    let mut machine =
        Machine { context, ops: Vec::new(), stack: Vec::new(), result: None, pieces: Vec::new() };
    let mut operations = expression.operations(context.unit.encoding());
    while let Some(operation) = operations.next().map_err(broken)? {
        if let Err(why) = machine.step(operation) {
            return Ok(Location::Missing(why));
        }
    }
    Ok(machine.finish().unwrap_or_else(Location::Missing))
}

/// What lies on the stack: an address-sized word, or an integer of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Generic,
    Int { bytes: u8, signed: bool },
}

struct Machine<'a> {
    context: &'a Context<'a>,
    ops: Vec<Op>,
    stack: Vec<Word>,
    /// What an operation that ends a location has given.
    result: Option<Location>,
    pieces: Vec<Piece>,
}

type Step = Result<(), String>;

impl Machine<'_> {
    fn step(&mut self, operation: Operation<Reader>) -> Step {
        if self.ops.len() > MAX_OPS {
            return Err(format!("its location takes more than {MAX_OPS} steps to compute"));
        }
        if self.result.is_some() && !matches!(operation, Operation::Piece { .. } | Operation::Nop) {
            return Err("its location goes on after its end".into());
        }
        match operation {
            Operation::Register { register } => self.end(Location::Register(register.0)),
            Operation::ImplicitValue { data } => self.implicit(data.slice())?,
            Operation::StackValue => {
                self.pop()?;
                let program = std::mem::take(&mut self.ops);
                self.end(Location::Value(program));
            }
            Operation::Piece { size_in_bits, bit_offset } => self.piece(size_in_bits, bit_offset)?,
            Operation::Deref { base_type, size, space: false } => self.load(base_type, size)?,
            Operation::Drop => {
                self.pop()?;
                self.ops.push(Op::Drop);
            }
            Operation::Pick { index } => self.pick(index)?,
            Operation::Swap => self.permute(2, Op::Swap)?,
            Operation::Rot => self.permute(3, Op::Rotate)?,
            Operation::Nop => {}
            other => return self.compute(other),
        }
        Ok(())
    }

    /// Operations that push a word or replace words by one.
    fn compute(&mut self, operation: Operation<Reader>) -> Step {
        match operation {
            Operation::Abs => self.unary(Unary::Abs),
            Operation::Neg => self.unary(Unary::Neg),
            Operation::Not => self.unary(Unary::Not),
            Operation::And => self.binary(Binary::And),
            Operation::Div => self.binary(Binary::Div),
            Operation::Minus => self.binary(Binary::Sub),
            Operation::Mod => self.binary(Binary::Mod),
            Operation::Mul => self.binary(Binary::Mul),
            Operation::Or => self.binary(Binary::Or),
            Operation::Plus => self.binary(Binary::Add),
            Operation::Shl => self.binary(Binary::Shl),
            Operation::Shr => self.binary(Binary::Shr),
            Operation::Shra => self.binary(Binary::Sar),
            Operation::Xor => self.binary(Binary::Xor),
            Operation::Eq => self.binary(Binary::Eq),
            Operation::Ge => self.binary(Binary::Ge),
            Operation::Gt => self.binary(Binary::Gt),
            Operation::Le => self.binary(Binary::Le),
            Operation::Lt => self.binary(Binary::Lt),
            Operation::Ne => self.binary(Binary::Ne),
            Operation::PlusConstant { value } => {
                self.push(Word::Generic, [Op::Constant(value)]);
                self.binary(Binary::Add)
            }
            Operation::Convert { base_type } | Operation::Reinterpret { base_type } => {
                self.convert(base_type)
            }
            other => self.source(other),
        }
    }

    /// Operations that push a word.
    fn source(&mut self, operation: Operation<Reader>) -> Step {
        let address = |index| self.context.dwarf.file.dwarf.address(self.context.unit, index);
        match operation {
            Operation::UnsignedConstant { value } => self.push(Word::Generic, [Op::Constant(value)]),
            Operation::SignedConstant { value } => {
                self.push(Word::Generic, [Op::Constant(value.cast_unsigned())])
            }
            Operation::Address { address } => self.address(address)?,
            Operation::AddressIndex { index } => {
                let address = address(index).map_err(|error| error.to_string())?;
                self.address(address)?;
            }
            Operation::ConstantIndex { index } => {
                let value = address(index).map_err(|error| error.to_string())?;
                self.push(Word::Generic, [Op::Constant(value)]);
            }
            Operation::RegisterOffset { register, offset, base_type } => {
                let word = self.word(base_type)?;
                self.push(word, [Op::Register(register.0, offset)]);
                self.narrow(word);
            }
            Operation::FrameOffset { offset } => {
                let base = (self.context.frame_base)()?;
                self.push(Word::Generic, base);
                self.push(Word::Generic, [Op::Constant(offset.cast_unsigned())]);
                self.binary(Binary::Add)?;
            }
            Operation::CallFrameCFA => {
                let cfa = (self.context.cfa)()?;
                self.push(Word::Generic, cfa);
            }
            Operation::EntryValue { expression } => self.entry_value(expression)?,
            Operation::TypedLiteral { base_type, value } => self.literal(base_type, value.slice())?,
            other => return Err(refusal(&other)),
        }
        Ok(())
    }

    /// Addresses of per-CPU variables are places in a section that each CPU has a copy of.
    fn address(&mut self, address: u64) -> Step {
        let file = &self.context.dwarf.file;
        let op = match file.section_at(address).filter(|section| section.name == PER_CPU) {
            None => Op::Address(address),
            Some(section) if file.linked => Op::PerCpu(address - section.address),
            Some(_) => {
                return Err("it is a per-CPU variable of a module, whose area only the kernel knows".into());
            }
        };
        self.push(Word::Generic, [op]);
        Ok(())
    }

    fn push(&mut self, word: Word, ops: impl IntoIterator<Item = Op>) {
        self.stack.push(word);
        self.ops.extend(ops);
    }

    fn pop(&mut self) -> Result<Word, String> {
        self.stack.pop().ok_or_else(|| "its location takes a word from an empty stack".to_owned())
    }

    fn end(&mut self, location: Location) {
        self.stack.clear();
        self.ops.clear();
        self.result = Some(location);
    }

    fn word(&self, base_type: UnitOffset) -> Result<Word, String> {
        if base_type.0 == 0 {
            return Ok(Word::Generic);
        }
        let known = integer(self.context.dwarf, self.context.unit, base_type);
        let known = known.map(|(bytes, signed)| Word::Int { bytes, signed });
        known.ok_or_else(|| "its location computes with a type that is no integer".into())
    }

    /// Cuts the word on top to its type.
    fn narrow(&mut self, word: Word) {
        if let Word::Int { bytes: bytes @ (1 | 2 | 4), signed } = word {
            self.ops.push(Op::Unary(Unary::Extend { bytes, signed }));
        }
    }

    fn load(&mut self, base_type: UnitOffset, size: u8) -> Step {
        self.pop()?;
        if !matches!(size, 1 | 2 | 4 | 8) {
            return Err(format!("its location reads {size} bytes at once"));
        }
        let word = self.word(base_type)?;
        self.push(word, [Op::Load(size)]);
        self.narrow(word);
        Ok(())
    }

    fn pick(&mut self, index: u8) -> Step {
        let below = self.stack.len().checked_sub(usize::from(index) + 1);
        let word = below.and_then(|at| self.stack.get(at)).copied();
        let word = word.ok_or("its location looks below its stack")?;
        self.push(word, [Op::Pick(index)]);
        Ok(())
    }

    fn permute(&mut self, words: usize, op: Op) -> Step {
        let from = self.stack.len().checked_sub(words).ok_or("its location looks below its stack")?;
        self.stack[from..].rotate_right(1);
        self.ops.push(op);
        Ok(())
    }

    fn convert(&mut self, base_type: UnitOffset) -> Step {
        self.pop()?;
        let word = self.word(base_type)?;
        self.push(word, []);
        self.narrow(word);
        Ok(())
    }

    fn literal(&mut self, base_type: UnitOffset, bytes: &[u8]) -> Step {
        let word = self.word(base_type)?;
        let value = little_endian(bytes).ok_or("its location has a constant of more than 8 bytes")?;
        self.push(word, [Op::Constant(value)]);
        self.narrow(word);
        Ok(())
    }

    fn unary(&mut self, operator: Unary) -> Step {
        let word = self.pop()?;
        self.push(word, [Op::Unary(operator)]);
        self.narrow(word);
        Ok(())
    }

    /// Words are extended to 64 bits by their own sign, which makes most operators the same for all types. The others
    /// are refused: no compiler was seen to write them.
    fn binary(&mut self, operator: Binary) -> Step {
        let right = self.pop()?;
        let left = self.pop()?;
        let shift = matches!(operator, Binary::Shl | Binary::Shr | Binary::Sar);
        if left != right && !shift && left != Word::Generic && right != Word::Generic {
            return Err("its location computes with two types at once".into());
        }
        let typed = if left == Word::Generic && !shift { right } else { left };
        let compares = matches!(operator, Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge);
        let unfit = match typed {
            Word::Generic => false,
            Word::Int { bytes, signed: false } => {
                operator == Binary::Sar || bytes == 8 && (compares || operator == Binary::Div)
            }
            Word::Int { bytes, signed: true } => {
                operator == Binary::Mod || bytes < 8 && operator == Binary::Shr
            }
        };
        if unfit {
            return Err("its location computes with a type in a way that is not supported".into());
        }
        let result =
            if compares || matches!(operator, Binary::Eq | Binary::Ne) { Word::Generic } else { typed };
        self.push(result, [Op::Binary(operator)]);
        self.narrow(result);
        Ok(())
    }

    /// The value that a register had when the function was entered.
    fn entry_value(&mut self, expression: Reader) -> Step {
        let mut operations = gimli::Expression(expression).operations(self.context.unit.encoding());
        let first = operations.next().map_err(|error| error.to_string())?;
        let rest = operations.next().map_err(|error| error.to_string())?;
        match (first, rest) {
            (Some(Operation::Register { register }), None) => {
                // Here registers still are what they were.
                let op = match self.context.entry {
                    true => Op::Register(register.0, 0),
                    false => Op::EntryRegister(register.0),
                };
                self.push(Word::Generic, [op]);
                Ok(())
            }
            _ => Err("it is known only by memory as it was when the function was entered".into()),
        }
    }

    fn implicit(&mut self, bytes: &[u8]) -> Step {
        match little_endian(bytes) {
            Some(value) => self.end(Location::Value(vec![Op::Constant(value)])),
            None => {
                let piece = |chunk: &[u8]| Piece {
                    bytes: chunk.len() as u32,
                    location: Location::Value(vec![Op::Constant(little_endian(chunk).unwrap_or(0))]),
                };
                let pieces = bytes.chunks(8).take(MAX_OPS).map(piece).collect();
                self.end(Location::Pieces(pieces));
            }
        }
        Ok(())
    }

    fn piece(&mut self, bits: u64, offset: Option<u64>) -> Step {
        let bytes =
            u32::try_from(bits / 8).ok().filter(|_| bits.is_multiple_of(8) && offset.unwrap_or(0) == 0);
        let bytes = bytes.ok_or("it lies in pieces that are no whole bytes")?;
        if self.pieces.len() >= MAX_OPS {
            return Err("it lies in too many pieces".into());
        }
        let location =
            self.location().unwrap_or_else(|| Location::Missing("this piece is optimised out".into()));
        self.pieces.push(Piece { bytes, location });
        Ok(())
    }

    /// What has been described since the last piece.
    fn location(&mut self) -> Option<Location> {
        let ended = self.result.take();
        let memory = !self.stack.is_empty();
        self.stack.clear();
        let program = std::mem::take(&mut self.ops);
        ended.or_else(|| memory.then_some(Location::Memory(program)))
    }

    fn finish(mut self) -> Result<Location, String> {
        let last = self.location();
        match (last, self.pieces.is_empty()) {
            (Some(location), true) => Ok(location),
            (None, false) => Ok(Location::Pieces(self.pieces)),
            (None, true) => Err("it is optimised out".into()),
            (Some(_), false) => Err("its location goes on after its last piece".into()),
        }
    }
}

fn little_endian(bytes: &[u8]) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(word))
}

fn refusal(operation: &Operation<Reader>) -> String {
    match operation {
        Operation::ImplicitPointer { .. } => "it is a pointer to something that is optimised out",
        Operation::Bra { .. } | Operation::Skip { .. } => "its location depends on a condition",
        Operation::TLS => "it is thread-local",
        Operation::ParameterRef { .. } => "it is a parameter that is optimised out",
        Operation::Call { .. } => "its location is computed by another one",
        _ => "its location is computed in a way that is not supported",
    }
    .to_owned()
}
