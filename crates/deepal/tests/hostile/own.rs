//! Settings of the user: data.toml and those of runs.

use super::{Reader, as_it_is, look, repository};
use deepal::StudySettings;
use deepal::source::Manifest;
use std::fs;
use std::path::Path;

#[test]
fn data_toml() {
    let table = (0..20).map(|i| format!("{i},{}.5,c{}\n", i * 7 % 11, i % 3));
    let table = "id,a,label\n".to_owned() + &table.collect::<String>();
    let all = "name = 'x/../y'\nsource = 'x.csv'\nid = 'id'\nlabel = 'label'\nclasses = ['c0', 'c1', 'c2']\nfeatures = ['a*']\n\
               scale = 'even'\nmissing = ['-1']\nseparator = ','\ndecimal = '.'\nheading = true\ntest_fraction = 0.2\nbits = 12\n\
               max_pixels = 1000\nmax_bytes = 1000\nmax_unpacked = 1000\n";
    let image = "source = 'x.csv'\n[image]\nsize = [32, 32]\nchannels = 3\nresize = 'crop'\nmean = [1.0, 2.0, 3.0]\nstd = [1.0, 2.0, 3.0]\n";
    let beside = |folder: &Path| fs::write(folder.join("x.csv"), &table).unwrap();
    let read = |path: &Path| {
        let _ = Manifest::of(path);
        look(path);
    };
    let seeds = vec![all.into(), image.into()];
    Reader { test: "own::data_toml", file: "data.toml", seeds, wrap: as_it_is, beside: &beside, read: &read }
        .hold();
}

#[test]
fn settings_of_runs() {
    let seeds =
        ["quick", "features"].map(|name| fs::read(repository(&format!("experiments/{name}.toml"))).unwrap());
    let read = |path: &Path| drop(StudySettings::read(path));
    let (test, file, beside) = ("own::settings_of_runs", "run.toml", &|_: &Path| {});
    Reader { test, file, seeds: seeds.to_vec(), wrap: as_it_is, beside, read: &read }.hold();
}
