//! Moves between registers that happen at once, put in an order.

use super::{Move, Source};

/// The register that holds a value while a ring of moves is turned.
pub const SPARE: u8 = 0;

/// The same moves one after the other. Each register is set at most once.
pub fn in_order(mut moves: Vec<Move>) -> Vec<Move> {
    moves.retain(|step| step.from != Source::Register(step.to));
    let mut ordered = Vec::with_capacity(moves.len());
    while !moves.is_empty() {
        let is_read = |register: u8| moves.iter().any(|other| other.from == Source::Register(register));
        match moves.iter().position(|step| !is_read(step.to)) {
            Some(free) => ordered.push(moves.swap_remove(free)),
            None => {
                // Only rings are left: one value steps aside.
                let from = moves[0].from;
                ordered.push(Move { to: SPARE, from });
                moves[0].from = Source::Register(SPARE);
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(moves: &[Move], registers: &mut [u32]) {
        for step in moves {
            registers[usize::from(step.to)] = match step.from {
                Source::Register(from) => registers[usize::from(from)],
                _ => 99,
            };
        }
    }

    #[test]
    fn rings_and_chains_move_at_once() {
        let moves = |pairs: &[(u8, u8)]| -> Vec<Move> {
            pairs.iter().map(|&(to, from)| Move { to, from: Source::Register(from) }).collect()
        };
        let mut registers = [0, 1, 2, 3, 4, 5, 6];
        run(&in_order(moves(&[(1, 2), (2, 3), (3, 1), (4, 5), (5, 4), (6, 1)])), &mut registers);
        assert_eq!(registers[1..], [2, 3, 1, 5, 4, 1]);
        let mut registers = [0, 1, 2];
        let here = Move { to: 1, from: Source::Here };
        run(&in_order(vec![here, Move { to: 2, from: Source::Register(1) }]), &mut registers);
        assert_eq!(registers[1..], [99, 1]);
    }
}
