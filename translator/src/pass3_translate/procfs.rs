//! Rows for the files of procfs probes: a path has one row, whoever reads and writes it, after those of its folders.

use super::writer::c_string;
use crate::ir::program::{Point, Probe, ProcfsPoint};
use crate::probes::procfs::mode_of;

/// The rows, in the order of the paths' first probes.
pub fn rows(probes: &[&Probe]) -> Vec<String> {
    let points: Vec<(usize, &ProcfsPoint)> = probes
        .iter()
        .enumerate()
        .filter_map(|(index, probe)| match &probe.point {
            Point::Procfs(point) => Some((index, point)),
            _ => None,
        })
        .collect();
    let mut folders: Vec<&[u8]> = Vec::new();
    let mut files: Vec<&[u8]> = Vec::new();
    let mut rows = Vec::new();
    for (_, point) in &points {
        let path = &point.path;
        for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            if !folders.contains(&&path[..end]) {
                folders.push(&path[..end]);
                rows.push(format!("{{ .path = {} }},", c_string(&path[..end])));
            }
        }
        if !files.contains(&path.as_slice()) {
            files.push(path);
            rows.push(file(path, &points));
        }
    }
    rows
}

fn file(path: &[u8], points: &[(usize, &ProcfsPoint)]) -> String {
    let of_path: Vec<_> = points.iter().filter(|(_, point)| point.path == path).collect();
    let mode = of_path.iter().fold(0, |mode, (_, point)| mode | mode_of(point));
    let mut members = vec![format!(".path = {}, .mode = 0{mode:o}", c_string(path))];
    if let Some((index, point)) = of_path.iter().find(|(_, point)| !point.write) {
        let size = point.size.map_or("STP_PROCFS_BUFSIZE".to_owned(), |size| size.to_string());
        members.push(format!(".size = {size}, .read = &stap_probes[{index}]"));
    }
    let writes = of_path.iter().filter(|(_, point)| point.write);
    let writes: String = writes.map(|(index, _)| format!("&stap_probes[{index}], ")).collect();
    if !writes.is_empty() {
        members.push(format!(".writes = (struct stap_probe *const []){{ {writes}NULL }}"));
    }
    format!("{{ {} }},", members.join(", "))
}
