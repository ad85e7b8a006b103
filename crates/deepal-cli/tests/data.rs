//! `deepal data inspect` from outside: what it says, draws and writes of a user's own data.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use assert_cmd::Command;
use ndarray::array;
use ndarray_npy::write_npy;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const WIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/formats/pictures/wide.png");

/// What a call ended with.
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

/// `deepal data inspect` in a folder.
fn inspect(folder: &Path, line: &str) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepal"));
    command.current_dir(folder).args(["data", "inspect"]).args(line.split_whitespace());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What is said of a source that can be read.
fn said(folder: &Path, line: &str) -> String {
    let Outcome { code, stdout, stderr } = inspect(folder, line);
    assert_eq!(code, 0, "{stderr}");
    stdout
}

/// A folder with `pets`: five cats and three dogs of 4 × 3 pixels, one file that is no picture, and an empty folder.
fn workshop() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    for (i, name) in ["cat", "cat", "cat", "cat", "cat", "dog", "dog", "dog"].into_iter().enumerate() {
        picture(&folder.path().join(format!("pets/{name}/{i}.png")), 10 * i as u8);
    }
    fs::write(folder.path().join("pets/cat/broken.jpg"), "no picture").unwrap();
    fs::create_dir(folder.path().join("pets/rare")).unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

/// Writes a grey picture of 4 × 3 pixels.
fn picture(path: &Path, number: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), 4, 3);
    encoder.set_color(png::ColorType::Grayscale);
    let pixels = (0..12).map(|i| number + 10 * i).collect::<Vec<_>>();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

/// Width, height and the bytes of a PNG of 8-bit colours.
fn decode(path: &Path) -> (usize, usize, Vec<u8>) {
    let mut reader = png::Decoder::new(BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width as usize, info.height as usize, pixels)
}

#[test]
fn of_many_classes_the_first_are_listed_and_the_rest_counted() {
    let folder = TempDir::new().unwrap();
    let rows = (0..900).map(|i| format!("{}.5,{}.25,u{:03}\n", i % 7, i % 11, i % 300));
    fs::write(folder.path().join("x.csv"), "a,b,label\n".to_owned() + &rows.collect::<String>()).unwrap();
    let text = said(folder.path(), "x.csv");
    assert!(text.contains("\nu199 ") && !text.contains("\nu200 "), "{text}");
    assert!(text.contains("and 100 more classes\nwithout label: 0"), "{text}");
}

#[test]
fn a_folder_of_pictures_is_described() {
    let (_folder, path) = workshop();
    let text = said(&path, "pets");
    for part in [
        "pets: folder of pictures, 8 samples\n",
        "inputs: 4×3 grey",
        "ids: cat/0.png … dog/7.png\n",
        "\nwithout label: 0\n",
        "problem: cat/broken.jpg is no JPEG, PNG, WebP, BMP, GIF or TIFF; skipped\n",
        "contact sheet: contact-sheet.png",
        "manifest: pets/data.toml; edit it",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let counts = |class: &str| {
        let line = text.lines().find(|line| line.starts_with(class)).unwrap();
        line.split_whitespace().skip(1).take(2).map(|n| n.parse::<usize>().unwrap()).sum::<usize>()
    };
    assert_eq!([counts("cat"), counts("dog"), counts("rare")], [5, 3, 0], "{text}");
}

#[test]
fn the_contact_sheet_shows_the_samples_of_each_class_in_a_row() {
    let (_folder, path) = workshop();
    let text = said(&path, "pets --sheet sheet.png");
    assert!(text.contains("contact sheet: sheet.png, a row for each class"), "{text}");
    assert!(!path.join("contact-sheet.png").exists());
    let (width, height, pixels) = decode(&path.join("sheet.png"));
    // Each pixel is 16 wide, 4 are between pictures, 12 pictures have room, and two classes have any.
    let (wide, tall) = (4 * 16 + 4, 3 * 16 + 4);
    assert_eq!((width, height), (12 * wide + 4, 2 * tall + 4));
    let at = |x: usize, y: usize| pixels[3 * (y * width + x)];
    for (column, row, number) in [(0, 0, 0), (4, 0, 40), (0, 1, 50), (2, 1, 70)] {
        let (left, top) = (4 + column * wide, 4 + row * tall);
        for i in 0..12 {
            let (x, y) = (left + (i % 4) * 16 + 7, top + (i / 4) * 16 + 7);
            assert_eq!(usize::from(at(x, y)), number + 10 * i, "picture {column} of row {row}");
        }
    }
    assert_eq!((at(0, 0), at(5 * wide + 10, 10), at(3 * wide + 10, tall + 10)), (255, 255, 255));
}

#[test]
fn the_manifest_is_written_used_and_kept() {
    let (_folder, path) = workshop();
    let manifest = path.join("pets/data.toml");
    said(&path, "pets");
    let written = fs::read_to_string(&manifest).unwrap();
    assert!(written.contains("classes = [\"cat\", \"dog\", \"rare\"]"), "{written}");
    assert!(
        written.contains("source = \".\"") && written.contains("\n[image]\nsize = [3, 4]\n"),
        "{written}"
    );
    assert!(written.contains("\n# vocabulary = 2000"), "{written}");

    let edited = written.replacen("name = \"pets\"", "name = \"animals\"", 1);
    let edited = edited.replacen("size = [3, 4]", "size = [6, 8]", 1) + "# mine\n";
    fs::write(&manifest, &edited).unwrap();
    for source in ["pets", "pets/data.toml"] {
        let text = said(&path, source);
        assert!(text.contains("animals: folder of pictures, 8 samples\ninputs: 8×6 grey"), "{text}");
        assert!(text.contains("manifest: pets/data.toml, unchanged\n"), "{text}");
        assert_eq!(fs::read_to_string(&manifest).unwrap(), edited);
    }

    let text = said(&path, "pets --manifest other.toml");
    assert!(text.contains("manifest: other.toml"), "{text}");
    let other = fs::read_to_string(path.join("other.toml")).unwrap();
    assert!(other.contains("source = \"pets\"") && other.contains("name = \"animals\""), "{other}");
    assert!(said(&path, "other.toml").contains("animals: folder of pictures, 8 samples\ninputs: 8×6 grey"));
    said(&path, "pets --manifest pets/data.toml");
    assert_ne!(fs::read_to_string(&manifest).unwrap(), edited, "named, it is replaced");
    assert!(
        said(&path, "pets").contains("animals: folder of pictures, 8 samples"),
        "and still says the same"
    );
}

#[test]
fn a_manifest_that_cannot_be_written_is_no_failure_unless_it_was_asked_for() {
    let (_folder, path) = workshop();
    // A file in place of the folder: not even root can write there.
    fs::write(path.join("full"), "").unwrap();
    let named = inspect(&path, "pets --manifest full/data.toml");
    assert_eq!(named.code, 4, "{}", named.stderr);
    assert!(named.stderr.contains("full/data.toml"), "{}", named.stderr);
    let sheet = inspect(&path, "pets --sheet full/sheet.png");
    assert_eq!(sheet.code, 4, "{}", sheet.stderr);
    assert!(sheet.stderr.contains("full/sheet.png"), "{}", sheet.stderr);
}

#[test]
fn a_source_where_no_manifest_can_be_written_is_described_all_the_same() {
    let (_folder, path) = workshop();
    // With its ending the name of the manifest is longer than file systems take.
    let name = format!("{}.csv", "x".repeat(248));
    fs::write(path.join(&name), "id,x,label\na,1,no\nb,2,yes\n").unwrap();
    let text = said(&path, &name);
    assert!(text.contains("2 samples") && text.contains("manifest: none, `"), "{text}");
    assert!(text.contains("name another file with `--manifest`"), "{text}");
    let text = said(&path, &format!("{name} --manifest short.toml"));
    assert!(text.contains("manifest: short.toml"), "{text}");
    assert!(said(&path, "short.toml").contains("2 samples"));
}

#[test]
fn a_source_that_is_missing_or_empty_is_named() {
    let (_folder, path) = workshop();
    let absent = inspect(&path, "absent");
    assert_eq!((absent.code, absent.stdout.as_str()), (3, ""));
    assert!(absent.stderr.contains("absent"), "{}", absent.stderr);
    let empty = inspect(&path, "pets/rare");
    assert_eq!(empty.code, 3);
    assert!(empty.stderr.contains("holds no sample that can be read"), "{}", empty.stderr);
    assert!(!path.join("contact-sheet.png").exists() && !path.join("pets/rare/data.toml").exists());
}

#[test]
fn copies_are_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for number in [0, 40, 90, 140] {
        picture(&path.join(format!("pool/{number}.png")), number);
    }
    fs::copy(path.join("pool/40.png"), path.join("pool/copy.png")).unwrap();
    assert!(!said(path, "pool").contains("copies"));
    let text = said(path, "pool --dedup 0");
    assert!(text.contains("note: 1 of 5 samples are copies of others (1 exact, 0 near"), "{text}");
    assert!(text.contains("copies: 40.png, copy.png\n"), "{text}");
}

#[test]
fn pictures_of_several_sizes_become_one() {
    let (_folder, path) = workshop();
    fs::copy(WIDE, path.join("pets/dog/wide.png")).unwrap();
    let text = said(&path, "pets");
    assert!(text.contains("inputs: 32×32 colour"), "{text}");
    assert!(text.contains("of 2 sizes, 4×3 to 40×23"), "{text}");
    // Two rows of pictures of 64 × 64.
    assert_eq!(decode(&path.join("contact-sheet.png")).1, 2 * 68 + 4);
}

#[test]
fn tables_and_arrays_are_described_without_a_sheet() {
    let (_folder, path) = workshop();
    fs::write(path.join("pool.csv"), "id,x,y,label\na,1,2,no\nb,2,3,yes\nc,3,5,\n").unwrap();
    write_npy(path.join("pool.npy"), &array![[1.0_f32, 2.0], [3.0, 4.0], [0.5, 6.0]]).unwrap();
    let table = said(&path, "pool.csv");
    assert!(
        table.contains("pool: ") && table.contains("3 samples") && table.contains("2 numbers"),
        "{table}"
    );
    assert!(table.contains("without label: 1") && table.contains("ids: a … c"), "{table}");
    let array = said(&path, "pool.npy");
    assert!(array.contains("3 samples") && array.contains("vectors of 2 numbers"), "{array}");
    assert!(!path.join("contact-sheet.png").exists());
    assert!(!table.contains("sheet") && !array.contains("sheet"));
    for (name, text) in [("pool.csv", table), ("pool.npy", array)] {
        assert!(text.contains(&format!("manifest: {name}.data.toml")), "{text}");
        let again = said(&path, name);
        assert!(again.contains("unchanged"), "{again}");
        assert_eq!(again.lines().next(), text.lines().next());
    }
}

/// Inside the folder that it looks at, the sheet must not become a sample.
#[test]
fn looked_at_from_inside_a_folder_stays_as_it_is() {
    let (_folder, path) = workshop();
    let pets = path.join("pets");
    let first = said(&pets, ".");
    assert!(pets.join("contact-sheet.png").exists() && first.contains("8 samples"), "{first}");
    let second = said(&pets, ".");
    assert!(second.contains("8 samples") && second.contains("note: left out, as"), "{second}");
    let refused = inspect(&path, "pets --sheet pets/cat/sheet.png");
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("would become a sample"), "{}", refused.stderr);
    assert!(!pets.join("cat/sheet.png").exists());
}

#[test]
fn a_sheet_that_nobody_asked_for_and_cannot_be_written_is_a_warning() {
    let (_folder, path) = workshop();
    fs::create_dir(path.join("contact-sheet.png")).unwrap();
    let Outcome { code, stdout, stderr } = inspect(&path, "pets");
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("8 samples") && stdout.contains("manifest: "), "{stdout}");
    assert!(!stdout.contains("contact sheet:"), "{stdout}");
    assert!(stderr.starts_with("warning: no contact sheet") && stderr.contains("`--sheet`"), "{stderr}");
}

#[test]
fn a_sheet_has_rows_for_forty_classes_and_says_so() {
    let folder = TempDir::new().unwrap();
    for class in 0..45 {
        picture(&folder.path().join(format!("many/{class:02}/x.png")), class);
    }
    let text = said(folder.path(), "many");
    assert!(text.contains("a row for each of the first 40 of 45 classes"), "{text}");
    let (_, height, _) = decode(&folder.path().join("contact-sheet.png"));
    assert_eq!(height, 40 * (48 + 4) + 4);
}
