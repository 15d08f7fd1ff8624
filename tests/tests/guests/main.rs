//! What one script and its expected output cannot say: losses, order, signals, several sessions, refusals. Each test
//! takes modules made on the host into a guest of each kernel.

mod bulk;
mod disturbances;
mod handmade;
mod kprobe_ftrace;
mod lifecycle;
mod modules;
mod nested;
mod order;
mod refusals;
mod samples;
mod secure_boot;
mod setting;
mod transport;
mod vm_option;
