//! Runs a command in a throwaway QEMU guest.
