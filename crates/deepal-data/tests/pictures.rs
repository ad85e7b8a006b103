//! Pictures as a user's own data: every kind of file against what Pillow sees in it, what folders and archives mean, and what
//! is said of broken ones.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_core::Class;
use deepal_data::Kind;
use deepal_data::source::{Open, Resize, Source, Split, Transform};
use image::{ImageFormat, Rgb, RgbImage};
use ndarray::Array2;
use serde_json::Value;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

// --- Helpers ---------------------------------------------------------------------------------------------------------

/// A file's name and content.
type File<'a> = (&'a str, Vec<u8>);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats/pictures").join(name)
}

fn cases(name: &str) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(fixture(name)).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::from_value(value.clone()).unwrap()
}

fn open(path: &Path) -> deepal_data::Result<Source> {
    Source::open(path, &Open::default())
}

/// What is wrong with a source that cannot be opened, which must be the fault of its content.
fn error(path: &Path) -> String {
    let error = open(path).unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    error.to_string()
}

/// Inputs that are the bytes themselves.
fn plain(size: [usize; 2], channels: usize, resize: Resize) -> Transform {
    Transform { size, channels, resize, mean: vec![0.0; channels], std: vec![1.0; channels] }
}

/// A picture of 5 × 4 pixels, different for each number.
fn png(number: u8) -> Vec<u8> {
    let picture = RgbImage::from_fn(5, 4, |x, y| Rgb([number, (40 * x) as u8, (50 * y) as u8]));
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

/// A folder with these files; a name that ends in `/` is an empty folder.
fn folder(files: &[File]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    folder
}

/// The bytes of an archive.
fn zip(files: &[File], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        if name.ends_with('/') {
            zip.add_directory(*name, options).unwrap();
        } else {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

/// An archive as a file.
fn archived(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pool.zip");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// With every `from` made `to`, of the same length.
fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let (mut patched, mut found) = (bytes.to_vec(), 0);
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            patched[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
    patched
}

/// Where the headers of an archive's files are: in front of each, and in the directory at its end.
fn headers(bytes: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let of = |magic: &[u8]| (0..bytes.len()).filter(|at| bytes[*at..].starts_with(magic)).collect();
    (of(b"PK\x03\x04"), of(b"PK\x01\x02"))
}

fn label_names(own: &Source) -> Vec<Option<&str>> {
    own.labels.iter().map(|label| label.map(|class| own.classes[class.index()].as_str())).collect()
}

/// The inputs of all samples.
fn inputs(own: &Source) -> Array2<f32> {
    own.inputs.inputs(&(0..own.ids.len()).collect::<Vec<_>>()).unwrap()
}

/// What is wrong with each file, in the order of their names.
fn problems(own: &Source) -> Vec<(&str, &str)> {
    own.problems.iter().map(|problem| (problem.what.as_str(), problem.why.as_str())).collect()
}

/// The only problem is with `what` and says `why`.
fn assert_problem(own: &Source, what: &str, why: &str) {
    let found = problems(own);
    assert_eq!(found.len(), 1, "{what}: {found:?}");
    assert!(found[0].0 == what && found[0].1.contains(why), "{found:?}");
}

// --- Pixels ----------------------------------------------------------------------------------------------------------

#[test]
fn every_kind_of_file_is_seen_as_pillow_sees_it() {
    let cases = cases("kinds.json");
    assert!(cases.len() > 25);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let side = |key: &str| case[key].as_u64().unwrap() as usize;
        let (size, channels) = ([side("height"), side("width")], side("channels"));
        let source = folder(&[(name, fs::read(fixture("kinds").join(name)).unwrap())]);
        let found = open(source.path()).unwrap();
        assert_eq!(found.ids, [name]);
        assert_eq!(found.problems, [], "{name}");
        let image = found.manifest.image.unwrap();
        assert_eq!((image.size, image.channels), (size, channels), "{name}: as it is to be looked at");

        let image = plain(size, channels, Resize::Crop);
        let own = Source::open(source.path(), &Open { image: Some(&image), ..Open::default() }).unwrap();
        let planes = inputs(&own);
        let n = size[0] * size[1];
        let tolerance = case["tolerance"].as_f64().unwrap() as f32;
        for (i, expected) in bytes(&case["pixels"]).into_iter().enumerate() {
            let (pixel, channel) = (i / channels, i % channels);
            let found = planes[[0, channel * n + pixel]];
            assert!(
                (found - f32::from(expected)).abs() <= tolerance,
                "{name}, channel {channel} of pixel {pixel}: {found}, and {expected} by Pillow"
            );
        }
    }
}

#[test]
fn pictures_are_resized_by_each_rule_as_pillow_does_it() {
    let source = folder(&[("wide.png", fs::read(fixture("wide.png")).unwrap())]);
    let cases = cases("resized.json");
    assert_eq!(cases.len(), 18);
    for case in cases {
        let size = serde_json::from_value::<[usize; 2]>(case["size"].clone()).unwrap();
        let resize = serde_json::from_value::<Resize>(case["resize"].clone()).unwrap();
        let image = plain(size, 3, resize);
        let own = Source::open(source.path(), &Open { image: Some(&image), ..Open::default() }).unwrap();
        let planes = inputs(&own);
        let n = size[0] * size[1];
        for (i, expected) in bytes(&case["pixels"]).into_iter().enumerate() {
            let found = planes[[0, (i % 3) * n + i / 3]];
            // Pillow rounds between the two directions and has weights of 22 bits.
            assert!((found - f32::from(expected)).abs() <= 1.0, "{resize:?} {size:?}: {found} {expected}");
        }
    }
}

#[test]
fn without_a_word_small_pictures_of_one_size_stay_and_others_become_squares() {
    let same = open(folder(&[("a.png", png(1)), ("b.png", png(2))]).path()).unwrap();
    assert_eq!(same.inputs.shape(), [3, 4, 5]);
    assert!(same.notes.iter().all(|note| !note.contains("resized")), "{:?}", same.notes);
    let wide = fs::read(fixture("wide.png")).unwrap();
    let mixed = open(folder(&[("a.png", png(1)), ("b.png", wide)]).path()).unwrap();
    assert_eq!(mixed.inputs.shape(), [3, 32, 32]);
    assert!(mixed.notes[0].contains("of 2 sizes, 5×4 to 40×23"), "{:?}", mixed.notes);
    let grey = |name: &str| fs::read(fixture("kinds").join(name)).unwrap();
    let grey = open(folder(&[("a.png", grey("grey.png")), ("b.png", grey("grey-16.png"))]).path()).unwrap();
    assert_eq!(grey.inputs.shape(), [1, 6, 9]);
}

// --- What folders and archives mean ----------------------------------------------------------------------------------

/// The id, class and part of each sample.
type Expected<'a> = &'a [(&'a str, Option<&'a str>, Option<Split>)];

#[test]
fn folders_mean_the_same_on_disk_and_in_an_archive() {
    use Split::{Test, Train};
    let layouts: [(&[&str], &[&str], Expected); 7] = [
        (&["b.png", "a.png"], &[], &[("a.png", None, None), ("b.png", None, None)]),
        (
            &["dog/2.png", "cat/1.png", "cat/more/3.png", "rare/"],
            &["cat", "dog", "rare"],
            &[
                ("cat/1.png", Some("cat"), None),
                ("cat/more/3.png", Some("cat"), None),
                ("dog/2.png", Some("dog"), None),
            ],
        ),
        (
            &["train/dog/2.png", "train/cat/1.png", "test/cat/1.png", "train/rare/"],
            &["cat", "dog", "rare"],
            &[
                ("test/cat/1.png", Some("cat"), Some(Test)),
                ("train/cat/1.png", Some("cat"), Some(Train)),
                ("train/dog/2.png", Some("dog"), Some(Train)),
            ],
        ),
        (
            &["Train/cat/1.png", "val/dog/1.png", "test/dog/1.png"],
            &["cat", "dog"],
            &[
                ("Train/cat/1.png", Some("cat"), Some(Train)),
                ("test/dog/1.png", Some("dog"), Some(Test)),
                ("val/dog/1.png", Some("dog"), Some(Train)),
            ],
        ),
        (
            &["train/cat/1.png", "train/2.png", "validation/dog/1.png"],
            &["cat", "dog"],
            &[
                ("train/2.png", None, Some(Train)),
                ("train/cat/1.png", Some("cat"), Some(Train)),
                ("validation/dog/1.png", Some("dog"), Some(Test)),
            ],
        ),
        (
            &["3.png", "cat/1.png", "dog/2.png"],
            &["cat", "dog"],
            &[("3.png", None, None), ("cat/1.png", Some("cat"), None), ("dog/2.png", Some("dog"), None)],
        ),
        (
            &["3.png", "train/cat/1.png", "test/dog/2.png"],
            &["cat", "dog"],
            &[
                ("3.png", None, Some(Train)),
                ("test/dog/2.png", Some("dog"), Some(Test)),
                ("train/cat/1.png", Some("cat"), Some(Train)),
            ],
        ),
    ];
    for (files, classes, expected) in layouts {
        let files = (1..).zip(files).map(|(number, name)| (*name, png(number))).collect::<Vec<_>>();
        let wrapped =
            files.iter().map(|(name, bytes)| (format!("data/{name}"), bytes.clone())).collect::<Vec<_>>();
        let mut wrapped =
            wrapped.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect::<Vec<_>>();
        // What is beside that folder says nothing.
        wrapped.push(("abcdé/", Vec::new()));
        let on_disk = folder(&files);
        let (_stored, stored) = archived(&zip(&files, CompressionMethod::Stored));
        let (_packed, packed) = archived(&zip(&wrapped, CompressionMethod::Deflated));
        let first = open(on_disk.path()).unwrap();
        for source in [on_disk.path(), &stored, &packed] {
            let own = open(source).unwrap();
            assert_eq!(own.problems, []);
            assert_eq!(own.classes, classes, "{source:?}");
            let ids = expected.iter().map(|(id, ..)| *id).collect::<Vec<_>>();
            assert_eq!(own.ids, ids, "{source:?}");
            assert_eq!(label_names(&own), expected.iter().map(|(_, class, _)| *class).collect::<Vec<_>>());
            for (split, (id, _, expected)) in own.split.iter().zip(expected) {
                assert!(expected.is_none_or(|expected| *split == expected), "{id}: {split:?}");
            }
            assert_eq!(inputs(&own), inputs(&first));
        }
    }
}

#[test]
fn hidden_files_and_files_of_other_kinds_are_no_samples() {
    let names = [".DS_Store", ".hidden.png", "Thumbs.db", "__MACOSX/a.png", "notes.txt", ".git/b.png"];
    let bytes = |name: &str| if name == "notes.txt" { b"words".to_vec() } else { png(9) };
    let files = names.iter().map(|name| (*name, bytes(name))).chain([("a.png", png(1))]).collect::<Vec<_>>();
    let (_archive, archive) = archived(&zip(&files, CompressionMethod::Stored));
    for source in [folder(&files).path(), &archive] {
        let own = open(source).unwrap();
        assert_eq!(own.ids, ["a.png"]);
        assert!(own.notes[0].starts_with("1 file is no picture and no sample: notes.txt"), "{:?}", own.notes);
        assert_eq!((own.problems.len(), own.classes.len()), (0, 0));
    }
}

#[test]
fn labels_may_lie_in_the_folder() {
    let table = b"id,label\nb.png,dog\na.png,cat\nz.png,cat\n".to_vec();
    let source = folder(&[("a.png", png(1)), ("b.png", png(2)), ("c.png", png(3)), ("labels.csv", table)]);
    let own = open(source.path()).unwrap();
    assert_eq!(own.ids, ["a.png", "b.png", "c.png"]);
    assert_eq!(label_names(&own), [Some("cat"), Some("dog"), None]);
    assert!(own.problems[0].why.contains("`z.png`, which fits no sample or several"), "{:?}", own.problems);
}

#[test]
fn the_manifest_in_the_folder_says_how_pictures_become_inputs() {
    let manifest = "source = '.'\nclasses = ['dog', 'cat']\n[image]\nsize = [2, 2]\nchannels = 1\n\
                    resize = 'squash'\nmean = [10.0]\nstd = [5.0]\n";
    let source = folder(&[
        ("cat/a.png", png(1)),
        ("cat/b.png", fs::read(fixture("wide.png")).unwrap()),
        ("data.toml", manifest.into()),
    ]);
    let own = open(source.path()).unwrap();
    assert_eq!(own.inputs.shape(), [1, 2, 2]);
    assert_eq!(own.inputs.range(), [(-2.0, 49.0)]);
    assert_eq!((own.classes.len(), own.labels.as_slice()), (2, [Some(Class(1)); 2].as_slice()));
    let image = Transform { resize: Resize::Squash, ..plain([2, 2], 1, Resize::Squash) };
    let plain = Source::open(source.path(), &Open { image: Some(&image), ..Open::default() }).unwrap();
    assert_eq!(inputs(&own), inputs(&plain).mapv(|byte| (byte - 10.0) / 5.0));
    let named = open(&source.path().join("data.toml")).unwrap();
    assert_eq!(inputs(&named), inputs(&own));
}

#[test]
fn ids_and_parts_stay_when_files_are_added() {
    let names = (0..40).map(|i| format!("{}/{i}.png", ["cat", "dog"][i % 2])).collect::<Vec<_>>();
    let files = (0..).zip(&names).map(|(i, name)| (name.as_str(), png(i))).collect::<Vec<_>>();
    let source = folder(&files);
    let before = open(source.path()).unwrap();
    fs::write(source.path().join("cat/-new.png"), png(99)).unwrap();
    fs::write(source.path().join("dog/100.png"), png(100)).unwrap();
    let after = open(source.path()).unwrap();
    assert_eq!(after.ids.len(), 42);
    let old = (0..42).filter(|row| before.ids.contains(&after.ids[*row])).collect::<Vec<_>>();
    assert_eq!(old.iter().map(|row| after.ids[*row].clone()).collect::<Vec<_>>(), before.ids);
    assert_eq!(old.iter().map(|row| after.split[*row]).collect::<Vec<_>>(), before.split);
    assert!(before.split.contains(&Split::Test));
    assert_eq!(after.inputs.inputs(&old).unwrap(), inputs(&before));
}

#[test]
fn inputs_are_the_same_with_any_cache_and_any_number_of_threads() {
    let names = (0..20).map(|i| format!("{i}.png")).collect::<Vec<_>>();
    let files = (0..).zip(&names).map(|(i, name)| (name.as_str(), png(10 * i))).collect::<Vec<_>>();
    let (_archive, archive) = archived(&zip(&files, CompressionMethod::Deflated));
    let on_disk = folder(&files);
    let expected = inputs(&open(on_disk.path()).unwrap());
    for source in [on_disk.path(), &archive] {
        for cache_bytes in [0, 3 * 4 * 5, usize::MAX] {
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let own = pool.install(|| {
                    let own = Source::open(source, &Open { cache_bytes, ..Open::default() }).unwrap();
                    assert_eq!(inputs(&own), expected, "{cache_bytes} bytes, {threads} threads");
                    own
                });
                assert_eq!(inputs(&own), expected, "a second time");
                let some = own.inputs.inputs(&[7, 3, 7]).unwrap();
                assert_eq!(some, expected.select(ndarray::Axis(0), &[7, 3, 7]));
            }
        }
    }
}

#[test]
fn digests_are_of_the_files() {
    let wide = fs::read(fixture("wide.png")).unwrap();
    let files = [("a.png", png(1)), ("b.png", png(2)), ("c.png", png(1)), ("wide.png", wide)];
    let (_archive, archive) = archived(&zip(&files, CompressionMethod::Deflated));
    let (on_disk, packed) = (open(folder(&files).path()), open(&archive).unwrap());
    drop(on_disk.unwrap());
    let digest = |row: usize| packed.inputs.digest(row).unwrap();
    assert_eq!(digest(0), digest(2));
    assert_ne!(digest(0), digest(1));
    use sha2::Digest;
    assert_eq!(digest(1)[..], sha2::Sha256::digest(png(2))[..]);
}

// --- What is broken --------------------------------------------------------------------------------------------------

#[test]
fn the_content_tells_the_kind_whatever_the_name_says() {
    let source = folder(&[("a.png", png(1)), ("b.JPG", png(2)), ("c.tiff", png(3))]);
    let own = open(source.path()).unwrap();
    assert_eq!((own.ids.len(), own.problems.len()), (3, 0));
    assert_eq!(inputs(&own), {
        let right = folder(&[("a.png", png(1)), ("b.png", png(2)), ("c.png", png(3))]);
        inputs(&open(right.path()).unwrap())
    });
}

/// A PNG that says it is large, and holds nothing.
fn boast() -> Vec<u8> {
    let mut bytes = png(1);
    bytes[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    bytes
}

#[test]
fn what_is_broken_is_a_problem_and_the_rest_is_there() {
    let jpeg = fs::read(fixture("kinds/colour.jpg")).unwrap();
    let mut damaged = png(7);
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let files = [
        (
            "bad/boast.png",
            boast(),
            "is too large, 100000×100000 pixels, and at most 100000000 are read; make it smaller",
        ),
        ("bad/cut.png", png(1)[..60].to_vec(), "is damaged or of a kind that cannot be decoded"),
        ("bad/damaged.png", damaged, "is damaged or of a kind that cannot be decoded"),
        ("bad/empty.png", Vec::new(), "is empty; skipped"),
        ("bad/half.jpg", jpeg[..30].to_vec(), "is damaged or of a kind that cannot be decoded"),
        ("bad/photo.HEIC", b"\0\0\0\x18ftypheic".to_vec(), "cannot be decoded; make it JPEG or PNG; skipped"),
        ("bad/text.jpg", b"no picture".to_vec(), "is no JPEG, PNG, WebP, BMP, GIF or TIFF; skipped"),
    ];
    let mut all =
        files.iter().map(|(name, bytes, _)| (*name, bytes.clone())).collect::<Vec<(&str, Vec<u8>)>>();
    let (_archive, archive) = archived(&zip(&all, CompressionMethod::Deflated));
    for source in [folder(&all).path(), &archive] {
        let text = error(source);
        assert!(text.contains("holds no sample that can be read (7 skipped"), "{text}");
        assert!(text.contains("the first: `bad/"), "{text}");
    }
    all.extend([("cat/a.png", png(1)), ("dog/b.png", png(2))]);
    let (_archive, archive) = archived(&zip(&all, CompressionMethod::Deflated));
    let image = Transform::new([4, 5], 3);
    for source in [folder(&all).path(), &archive] {
        for image in [None, Some(&image)] {
            let own = Source::open(source, &Open { image, ..Open::default() }).unwrap();
            assert_eq!(own.ids, ["cat/a.png", "dog/b.png"]);
            assert_eq!(own.inputs.shape(), [3, 4, 5], "a broken picture has no say");
            assert_eq!(inputs(&own).nrows(), 2);
            let found = problems(&own);
            assert_eq!(found.len(), files.len(), "{found:?}");
            for ((what, why), (name, _, words)) in found.iter().zip(&files) {
                assert!(what == name && why.contains(words), "{what}: {why}");
            }
        }
    }
}

#[test]
fn a_picture_cut_anywhere_is_a_problem_or_still_a_picture() {
    for name in ["colour.png", "colour.jpg", "colour.gif", "packed.tif", "colour.bmp", "lossless.webp"] {
        let whole = fs::read(fixture("kinds").join(name)).unwrap();
        let cuts =
            (1..whole.len()).map(|end| (format!("{end}-{name}"), whole[..end].to_vec())).collect::<Vec<_>>();
        let mut files = cuts.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect::<Vec<_>>();
        files.push((name, whole.clone()));
        let own = open(folder(&files).path()).unwrap();
        assert!(own.ids.contains(&name.to_owned()));
        assert_eq!(own.ids.len() + own.problems.len(), files.len(), "{name}");
        assert!(own.problems.len() > whole.len() / 3, "{name}: {}", own.problems.len());
        assert_eq!(inputs(&own).nrows(), own.ids.len());
    }
}

#[test]
fn a_file_that_goes_away_is_named() {
    let source = folder(&[("a.png", png(1)), ("b.png", png(2))]);
    let kept = open(source.path()).unwrap();
    let own = Source::open(source.path(), &Open { cache_bytes: 0, ..Open::default() }).unwrap();
    fs::remove_file(source.path().join("b.png")).unwrap();
    assert_eq!(own.inputs.inputs(&[0]).unwrap().nrows(), 1);
    let error = own.inputs.inputs(&[0, 1]).unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    assert!(error.to_string().contains("b.png"), "{error}");
    assert_eq!(kept.inputs.inputs(&[0, 1]).unwrap().nrows(), 2, "from memory");
    fs::write(source.path().join("b.png"), "no picture").unwrap();
    let error = own.inputs.inputs(&[1]).unwrap_err().to_string();
    assert!(error.contains("b.png") && error.contains("is no JPEG"), "{error}");
}

#[test]
fn an_empty_folder_or_archive_is_told() {
    assert!(error(folder(&[]).path()).contains("holds no sample that can be read"));
    assert!(error(folder(&[("notes.txt", b"x".to_vec())]).path()).contains("holds no sample"));
    let (_archive, archive) = archived(&zip(&[], CompressionMethod::Stored));
    assert!(error(&archive).contains("holds no sample that can be read"));
}

#[cfg(unix)]
#[test]
fn what_a_file_system_can_hold_but_nobody_can_read_is_left_out() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    let source = folder(&[("a/1.png", png(1)), ("b/2.png", png(2)), ("b/locked.png", png(3))]);
    let root = source.path();
    symlink(root, root.join("a/up")).unwrap();
    symlink(root.join("absent.png"), root.join("b/dangling.png")).unwrap();
    symlink("circle.png", root.join("circle.png")).unwrap();
    symlink(root.join("b/2.png"), root.join("b/3.png")).unwrap();
    let locked = root.join("b/locked.png");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let pipe = root.join("b/pipe.png");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Some file systems forbid such a name.
    let has_odd_name = fs::write(root.join(OsStr::from_bytes(b"b/\xff.png")), png(4)).is_ok();

    let own = open(root).unwrap();
    let mut ids = vec!["a/1.png", "b/2.png", "b/3.png"];
    let mut expected = vec![
        ("a/up", "is a link to a folder that is read already"),
        ("b/dangling.png", "cannot be read"),
        ("b/pipe.png", "is no file"),
        ("b/\u{fffd}.png", "has a name that is not UTF-8; rename it"),
        ("circle.png", "cannot be read"),
    ];
    if !has_odd_name {
        expected.retain(|(what, _)| !what.contains('\u{fffd}'));
    }
    // Root reads it.
    if fs::read(&locked).is_ok() {
        ids.push("b/locked.png");
    } else {
        expected.insert(2, ("b/locked.png", "cannot read"));
    }
    assert_eq!(own.ids, ids);
    let found = problems(&own);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((what, why), (name, words)) in found.iter().zip(expected) {
        assert!(*what == name && why.contains(words), "{what} {why}");
    }
}

// --- Archives --------------------------------------------------------------------------------------------------------

#[test]
fn an_archive_cut_anywhere_is_no_archive() {
    let whole = zip(&[("a.png", png(1)), ("b.png", png(2))], CompressionMethod::Deflated);
    for end in 1..whole.len() {
        let (_archive, archive) = archived(&whole[..end]);
        let text = error(&archive);
        assert!(text.contains("pool.zip") && text.contains("is no zip archive that can be read"), "{text}");
    }
    let (_archive, archive) = archived(b"no archive at all");
    assert!(error(&archive).contains("is no zip archive that can be read"));
}

#[test]
fn no_byte_of_an_archive_can_be_broken_so_that_other_pixels_come() {
    let files = [("a.png", png(1)), ("b.png", png(2))];
    let expected = inputs(&open(folder(&files).path()).unwrap());
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let whole = zip(&files, method);
        let (_archive, archive) = archived(&whole);
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0xff;
            fs::write(&archive, &broken).unwrap();
            if let Ok(own) = open(&archive) {
                for (row, input) in inputs(&own).outer_iter().enumerate() {
                    assert!(expected.outer_iter().any(|right| right == input), "byte {at}, row {row}");
                }
            }
        }
    }
}

#[test]
fn an_entry_with_a_wrong_checksum_is_a_problem() {
    let whole = zip(&[("a.png", png(1)), ("b.png", png(2))], CompressionMethod::Stored);
    let (local, _) = headers(&whole);
    let mut broken = whole.clone();
    // Inside the pixels of the second.
    broken[local[1] + 30 + "b.png".len() + 50] ^= 1;
    let (_archive, archive) = archived(&broken);
    let own = open(&archive).unwrap();
    assert_eq!(own.ids, ["a.png"]);
    assert_problem(&own, "b.png", "its checksum is wrong");
}

#[test]
fn an_encrypted_entry_is_a_problem() {
    let mut bytes = zip(&[("a.png", png(1)), ("b.png", png(2))], CompressionMethod::Deflated);
    let (local, central) = headers(&bytes);
    bytes[local[1] + 6] |= 1;
    bytes[central[1] + 8] |= 1;
    let (_archive, archive) = archived(&bytes);
    let own = open(&archive).unwrap();
    assert_eq!(own.ids, ["a.png"]);
    assert_problem(&own, "b.png", "is encrypted; skipped");
}

#[test]
fn an_entry_packed_by_another_method_is_a_problem() {
    let mut bytes = zip(&[("a.png", png(1)), ("b.png", png(2))], CompressionMethod::Deflated);
    let (local, central) = headers(&bytes);
    // LZMA.
    bytes[local[1] + 8] = 14;
    bytes[central[1] + 10] = 14;
    let (_archive, archive) = archived(&bytes);
    let own = open(&archive).unwrap();
    assert_eq!(own.ids, ["a.png"]);
    assert_problem(&own, "b.png", "is packed by a method other than deflate");
}

#[test]
fn a_path_out_of_the_archive_is_a_problem() {
    let bytes = zip(
        &[("cat/a.png", png(1)), ("aa/bb/b.png", png(2)), ("x/c.png", png(3))],
        CompressionMethod::Stored,
    );
    let bytes = patched(&patched(&bytes, b"aa/bb/b.png", b"../../b.png"), b"x/c.png", b"//c.png");
    let (_archive, archive) = archived(&bytes);
    let own = open(&archive).unwrap();
    assert_eq!(own.ids, ["a.png"]);
    let found = problems(&own);
    assert!(found.iter().all(|(_, why)| *why == "leads out of the archive; skipped"), "{found:?}");
    assert_eq!(found.iter().map(|(what, _)| *what).collect::<Vec<_>>(), ["../../b.png", "//c.png"]);
}

#[test]
fn two_entries_of_one_name_are_an_error() {
    let bytes = zip(&[("a.png", png(1)), ("b.png", png(2))], CompressionMethod::Stored);
    let (_archive, archive) = archived(&patched(&bytes, b"b.png", b"a.png"));
    let text = error(&archive);
    assert!(text.contains("two files of one name; pack it again without"), "{text}");
}

#[test]
fn a_size_that_is_only_promised_is_not_believed() {
    for (size, words) in [(0x7fff_ffff_u32, "is too large, 2147 MB"), (0x0fff_ffff, "its checksum is wrong")]
    {
        let mut bytes = zip(&[("a.png", png(1)), ("b.png", png(2))], CompressionMethod::Deflated);
        let (local, central) = headers(&bytes);
        for at in [local[1] + 22, central[1] + 24] {
            bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        }
        let (_archive, archive) = archived(&bytes);
        let own = open(&archive).unwrap();
        assert_eq!(own.ids, ["a.png"]);
        assert_problem(&own, "b.png", words);
    }
}

#[test]
fn a_picture_is_one_whatever_its_file_is_called_and_nothing_is_left_out_without_a_word() {
    let files = [
        ("cat/plain", png(1)),
        ("cat/2024.scan", png(2)),
        ("dog/x.png", png(3)),
        ("dog/readme.txt", b"BM, says the text".to_vec()),
        ("dog/notes.md", b"not a picture".to_vec()),
        ("dog/empty", Vec::new()),
        ("labels.csv", b"id,label\n".to_vec()),
        ("contact-sheet.png", png(4)),
        (".hidden", png(5)),
    ];
    let on_disk = folder(&files);
    let (_keep, archive) = archived(&zip(&files, CompressionMethod::Deflated));
    for path in [on_disk.path(), &archive] {
        let own = open(path).unwrap();
        assert_eq!(own.ids, ["cat/2024.scan", "cat/plain", "dog/x.png"], "{}", path.display());
        let told = own.notes.join("; ");
        assert!(told.contains("2 files are no pictures and no samples: dog/empty, dog/notes.md"), "{told}");
        assert!(told.contains("draws files of this name: contact-sheet.png"), "{told}");
        assert!(!told.contains("labels.csv") && !told.contains("hidden"), "{told}");
        // Its first bytes are those of a BMP.
        assert_problem(&own, "dog/readme.txt", "damaged");
    }
}

/// An archive of one folder is as that folder, unless the name says which part it is.
#[test]
fn an_archive_of_the_train_folder_alone_has_its_split_and_classes() {
    let files = [("train/cat/a.png", png(1)), ("train/dog/b.png", png(2))];
    let on_disk = folder(&files);
    let (_keep, archive) = archived(&zip(&files, CompressionMethod::Stored));
    let (on_disk, archive) = (open(on_disk.path()).unwrap(), open(&archive).unwrap());
    assert_eq!(archive.ids, ["train/cat/a.png", "train/dog/b.png"]);
    assert_eq!(archive.classes, ["cat", "dog"]);
    let parts = |own: &Source| (own.ids.clone(), own.labels.clone(), own.split.clone());
    assert_eq!(parts(&archive), parts(&on_disk));
}
