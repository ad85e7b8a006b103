//! What folders and archives of pictures mean in the shapes that people have them: wrappers, albums, splits, what systems and tools
//! leave beside the pictures, and files that are too large.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use deepal_data::source::{Open, Source, Split};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

// --- Helpers ---------------------------------------------------------------------------------------------------------

fn open(path: &Path) -> Source {
    Source::open(path, &Open::default()).unwrap()
}

fn encoded(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A picture of 3 × 2 pixels, different for each number.
fn png(number: usize) -> Vec<u8> {
    encoded(&RgbImage::from_fn(3, 2, |x, y| Rgb([number as u8, (40 * x) as u8, (50 * y) as u8])).into())
}

/// What a file of this name holds.
fn content(number: usize, name: &str) -> Vec<u8> {
    match name.rsplit('.').next() {
        Some("csv") => b"id,label\ncat/0.png,cat\n".to_vec(),
        Some("txt" | "xml" | "ini" | "db") => b"words".to_vec(),
        _ => png(number),
    }
}

/// A folder with these files; a name that ends in `/` is an empty folder.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in names.iter().enumerate() {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content(number, name)).unwrap();
        }
    }
    folder
}

/// The same as an archive, its names with `^` where a tool has written a backslash.
fn archive(names: &[&str]) -> (TempDir, PathBuf) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (number, name) in names.iter().enumerate() {
        if name.ends_with('/') {
            zip.add_directory(*name, SimpleFileOptions::default()).unwrap();
        } else {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&content(number, name)).unwrap();
        }
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    for name in names.iter().filter(|name| name.contains('^')) {
        let right = name.replace('^', "\\");
        for at in 0..=bytes.len() - name.len() {
            if bytes[at..].starts_with(name.as_bytes()) {
                bytes[at..at + name.len()].copy_from_slice(right.as_bytes());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pool.zip");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// The id and class of each sample.
fn samples(own: &Source) -> Vec<(&str, &str)> {
    let class = |row: usize| own.labels[row].map_or("", |class| own.classes[class.index()].as_str());
    (0..own.ids.len()).map(|row| (own.ids[row].as_str(), class(row))).collect()
}

#[track_caller]
fn assert_note(own: &Source, words: &str) {
    assert!(own.notes.iter().any(|note| note.contains(words)), "{words}: {:#?}", own.notes);
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).unwrap();
}

// --- Wrappers --------------------------------------------------------------------------------------------------------

#[test]
fn one_folder_too_high_is_understood_on_disk_and_in_an_archive() {
    let names = ["PetImages/Cat/0.png", "PetImages/Cat/1.png", "PetImages/Dog/0.png", "readme.txt"];
    let on_disk = folder(&names);
    let own = open(on_disk.path());
    let expected =
        [("PetImages/Cat/0.png", "Cat"), ("PetImages/Cat/1.png", "Cat"), ("PetImages/Dog/0.png", "Dog")];
    assert_eq!(samples(&own), expected, "ids are those of the folder that was named");
    assert_eq!(own.classes, ["Cat", "Dog"]);
    assert_note(&own, "`PetImages`, which is read as a wrapper");
    let (_keep, path) = archive(&names);
    let packed = open(&path);
    assert_eq!(samples(&packed), [("Cat/0.png", "Cat"), ("Cat/1.png", "Cat"), ("Dog/0.png", "Dog")]);
    let inner = open(&on_disk.path().join("PetImages"));
    assert_eq!(samples(&inner), samples(&packed), "an archive of one folder is as that folder");
}

#[test]
fn wrappers_may_be_many_and_hold_a_split() {
    let names = ["a/b/train/cat/0.png", "a/b/train/dog/1.png", "a/b/test/cat/2.png"];
    let on_disk = folder(&names);
    let (_keep, path) = archive(&names);
    for (own, prefix) in [(open(on_disk.path()), "a/b/"), (open(&path), "b/")] {
        assert_eq!(own.classes, ["cat", "dog"]);
        let ids = ["test/cat/2.png", "train/cat/0.png", "train/dog/1.png"].map(|id| format!("{prefix}{id}"));
        assert_eq!(own.ids, ids);
        assert_eq!(own.split, [Split::Test, Split::Train, Split::Train]);
    }
}

#[test]
fn what_the_message_says_about_a_single_class_works() {
    let source = folder(&["cat/0.png", "cat/1.png", "cat/2.png"]);
    let own = open(source.path());
    assert_eq!((own.classes.len(), own.labels[0]), (0, None), "a class has another one beside it");
    assert_note(&own, "set `classes` in data.toml");
    write(&source, "data.toml", "source = '.'\nclasses = ['cat', 'dog']\n");
    assert!(samples(&open(source.path())).iter().all(|(_, class)| *class == "cat"));
    write(&source, "data.toml", "source = '.'\nclasses_from = 'folders'\n");
    let own = open(source.path());
    assert_eq!(own.classes, ["cat"]);
    let error = own.labeled().unwrap_err().to_string();
    assert!(error.contains("only `cat`") && error.contains("`classes` in data.toml"), "{error}");
}

#[test]
fn annotations_beside_the_pictures_are_no_classes() {
    let source = folder(&[
        "images/train/0.png",
        "images/val/1.png",
        "labels/train/0.txt",
        "labels/val/1.txt",
        "labels/classes.txt",
    ]);
    let own = open(source.path());
    assert_eq!((own.classes.len(), own.split.as_slice()), (0, [Split::Train, Split::Test].as_slice()));
    assert_note(&own, "folders without pictures are no classes: labels");
    let source = folder(&["JPEGImages/0.png", "JPEGImages/1.png", "Annotations/0.xml", "Annotations/1.xml"]);
    assert_eq!(open(source.path()).classes.len(), 0);
    let source = folder(&["cat/0.png", "dog/1.png", "meta/a.txt", "rare/"]);
    assert_eq!(open(source.path()).classes, ["cat", "dog", "rare"], "an empty folder is a class");
}

#[test]
fn parts_inside_of_classes_are_a_split() {
    let names = ["cat/train/0.png", "cat/test/1.png", "dog/train/2.png", "dog/test/3.png"];
    let on_disk = folder(&names);
    let (_keep, path) = archive(&names);
    for own in [open(on_disk.path()), open(&path)] {
        assert_eq!(own.classes, ["cat", "dog"]);
        assert_eq!(own.split, [Split::Test, Split::Train, Split::Test, Split::Train]);
        assert_note(&own, "test, train inside the classes are read as a split");
    }
    let mixed = open(folder(&["cat/train/0.png", "cat/other/1.png", "dog/2.png"]).path());
    assert_eq!(mixed.classes, ["cat", "dog"]);
    assert_note(&mixed, "not read as a split");
}

// --- Albums ----------------------------------------------------------------------------------------------------------

#[test]
fn an_album_by_date_with_a_table_of_labels_is_unlabelled() {
    let names = ["2024-05/a.png", "2024-05/b.png", "2024-06/c.png"];
    for table in
        ["id,label\n", "id,label\n2024-05/a.png,\n", "id,label\n2024-05/a.png,cat\n2024-06/c.png,dog\n"]
    {
        let source = folder(&names);
        write(&source, "labels.csv", table);
        let own = open(source.path());
        assert!(!own.classes.iter().any(|class| class.starts_with("2024")), "{table}: {:?}", own.classes);
        assert_eq!(own.labels[1], None, "{table}");
        assert_note(&own, "`classes_from = \"folders\"`");
    }
    let source = folder(&["holiday/a.png", "party/b.png"]);
    write(&source, "labels.csv", "id,label\nholiday/a.png,cat\n");
    let own = open(source.path());
    assert_eq!(samples(&own), [("holiday/a.png", "cat"), ("party/b.png", "")]);
    assert_note(&own, "the table of labels has other classes");
}

#[test]
fn labels_that_a_strategy_chose_are_counted_where_their_table_says_so() {
    let exported = "dataset,net,strategy,seed,round,rank,id,class,score\n";
    let run = |strategy: &str| {
        format!("{exported}d,mlp,{strategy},1,0,1,a.png,cat,\nd,mlp,{strategy},1,1,1,b.png,dog,0.5\n")
    };
    for (table, n_chosen) in [
        ("id,label\na.png,cat\nb.png,dog\n".to_owned(), 0),
        ("id,label,asked_by\na.png,cat,strategy\nb.png,dog,audit\nc.png,cat,import\n".into(), 1),
        ("id,label,asked_by\na.png,cat,strategy\na.png,cat,strategy\nb.png,,strategy\n".into(), 1),
        (run("margin"), 2),
        (run("random"), 0),
        // Not the whole heading of a run's labels: a column of somebody's own.
        ("id,label,strategy\na.png,cat,margin\nb.png,dog,margin\n".into(), 0),
    ] {
        let source = folder(&["a.png", "b.png", "c.png"]);
        write(&source, "labels.csv", &table);
        assert_eq!(open(source.path()).n_chosen, n_chosen, "{table}");
    }
}

#[test]
fn sub_folders_that_are_no_classes_can_be_declared_and_those_that_are_too() {
    let source = folder(&["holiday/a.png", "party/b.png"]);
    assert_eq!(open(source.path()).classes, ["holiday", "party"]);
    write(&source, "data.toml", "source = '.'\nclasses_from = 'labels'\n");
    let own = open(source.path());
    assert_eq!(
        (own.classes.len(), own.ids.as_slice()),
        (0, ["holiday/a.png", "party/b.png"].map(String::from).as_slice())
    );
    assert_eq!(own.manifest.to_toml().unwrap().matches("classes_from = \"labels\"\n").count(), 1);

    let source = folder(&["2024-05/a.png", "2024-06/b.png"]);
    let own = open(source.path());
    assert_eq!(own.classes.len(), 0);
    assert_note(&own, "2024-05, 2024-06 are not read as classes, as their names are those of dates");
    write(&source, "data.toml", "source = '.'\nclasses_from = 'folders'\n");
    assert_eq!(open(source.path()).classes, ["2024-05", "2024-06"]);

    let source = folder(&["IMG_0001/a.png", "IMG_0002/b.png"]);
    write(&source, "data.toml", "source = '.'\nclasses = ['cat', 'dog']\n");
    let own = open(source.path());
    assert_eq!(
        (own.classes.as_slice(), own.labels.as_slice()),
        (["cat", "dog"].map(String::from).as_slice(), [None; 2].as_slice())
    );
}

#[test]
fn a_table_that_corrects_class_folders_keeps_them() {
    let source = folder(&["cat/a.png", "cat/b.png", "dog/c.png"]);
    write(&source, "labels.csv", "id,label\ncat/b.png,dog\n");
    let own = open(source.path());
    assert_eq!(samples(&own), [("cat/a.png", "cat"), ("cat/b.png", "dog"), ("dog/c.png", "dog")]);
    assert_eq!(own.problems, []);
}

#[test]
fn a_table_in_an_archive_is_read_as_in_a_folder() {
    let names = ["a.png", "b.png", "holiday/c.png", "labels.csv"];
    let source = folder(&names);
    write(&source, "labels.csv", "id,label\na.png,cat\nb.png,skip\nholiday/c.png,dog\n");
    let on_disk = open(source.path());
    assert_eq!(samples(&on_disk), [("a.png", "cat"), ("b.png", ""), ("holiday/c.png", "dog")]);
    for root in ["", "pets/"] {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(format!("{root}{name}"), SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(source.path().join(name)).unwrap()).unwrap();
        }
        let beside = tempfile::tempdir().unwrap();
        let path = beside.path().join("pets.zip");
        fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
        let packed = open(&path);
        assert_eq!((samples(&packed), &packed.skipped), (samples(&on_disk), &on_disk.skipped), "{root}");
        assert_note(&packed, &format!("pets.zip/{root}labels.csv`"));
        assert_note(&packed, "sub-folders holiday are not read as classes");
        assert!(!packed.notes.concat().contains("not read, as only"), "{:?}", packed.notes);
        // What is beside it can be edited.
        write(&beside, "labels.csv", "id,label\na.png,dog\nb.png,dog\nholiday/c.png,cat\n");
        assert_eq!(samples(&open(&path)), [("a.png", "dog"), ("b.png", "dog"), ("holiday/c.png", "cat")]);
    }
}

#[cfg(unix)]
#[test]
fn tables_and_manifests_are_no_links_that_lead_out() {
    use std::os::unix::fs::symlink;
    let (source, outside) = (folder(&["a.png", "b.png"]), tempfile::tempdir().unwrap());
    write(&outside, "labels.csv", "id,label\na.png,cat\n");
    write(&outside, "data.toml", "source = '.'\nclasses = ['cat', 'dog']\n");
    symlink(outside.path().join("labels.csv"), source.path().join("labels.csv")).unwrap();
    let own = open(source.path());
    assert_eq!(samples(&own), [("a.png", ""), ("b.png", "")]);
    assert_note(&own, "links that lead out of the folder were not followed: 1");
    symlink(outside.path().join("data.toml"), source.path().join("data.toml")).unwrap();
    let error = Source::open(source.path(), &Open::default()).unwrap_err().to_string();
    assert!(error.contains("data.toml`: is a link that leads out of the source"), "{error}");
}

#[test]
fn inspecting_with_some_labels_does_not_freeze_the_classes() {
    let source = folder(&["a.png", "b.png", "c.png"]);
    write(&source, "labels.csv", "id,label\na.png,cat\nb.png,dog\n");
    let written =
        open(source.path()).manifest.to_toml().unwrap().replace(source.path().to_str().unwrap(), ".");
    write(&source, "data.toml", &written);
    write(&source, "labels.csv", "id,label\na.png,cat\nb.png,dog\nc.png,cow\n");
    assert_eq!(open(source.path()).classes, ["cat", "cow", "dog"]);
}

// --- What lies beside ------------------------------------------------------------------------------------------------

#[test]
fn what_systems_and_programs_leave_is_no_class_and_no_sample() {
    let names = [
        "cat/0.png",
        "cat/0.png~",
        "cat/._0.png",
        "cat/@eaDir/0.png/SYNOPHOTO_THUMB_M.png",
        "dog/1.png",
        "dog/1.png.bak",
        "dog/Thumbs.db",
        "dog/desktop.ini",
        "@eaDir/x.png",
        "#recycle/cat/2.png",
        "$RECYCLE.BIN/3.png",
        "lost+found/4.png",
        "System Volume Information/5.png",
        "__pycache__/6.png",
        "__MACOSX/cat/._0.png",
        ".git/7.png",
        ".DS_Store",
    ];
    let on_disk = folder(&names);
    let (_keep, path) = archive(&names);
    for own in [open(on_disk.path()), open(&path)] {
        assert_eq!(samples(&own), [("cat/0.png", "cat"), ("dog/1.png", "dog")]);
        assert_eq!(
            (own.classes.as_slice(), own.problems.len()),
            (["cat", "dog"].map(String::from).as_slice(), 0)
        );
        assert_note(
            &own,
            "#recycle, $RECYCLE.BIN, @eaDir, System Volume Information, __pycache__, lost+found",
        );
        assert_note(&own, "backups: cat/0.png~, dog/1.png.bak");
    }
    let wrapped = folder(&["PetImages/Cat/0.png", "PetImages/Dog/0.png", "@eaDir/x.png", "lost+found/"]);
    assert_eq!(open(wrapped.path()).classes, ["Cat", "Dog"], "they do not hide a wrapper");
}

#[test]
fn backslashes_in_an_archive_are_folders() {
    for names in [
        &["cat^0.png", "cat^1.png", "dog^0.png"][..],
        &["pets^cat^0.png", "pets^cat^1.png", "pets^dog^0.png"],
        &["pets/cat^0.png", "pets/cat^1.png", "pets/dog^0.png"],
        &["./cat/0.png", "./cat/1.png", "./dog/0.png"],
    ] {
        let (_keep, path) = archive(names);
        let own = open(&path);
        let expected = [("cat/0.png", "cat"), ("cat/1.png", "cat"), ("dog/0.png", "dog")];
        assert_eq!(samples(&own), expected, "{names:?}");
        assert_eq!(own.problems, []);
        if names[0].contains('^') {
            assert_note(&own, "backslashes in names of the archive were read as `/`: 3");
        }
    }
    let (_keep, path) = archive(&["cat^0.png", "dog/0.png", "..^..^1.png", "C:^2.png", "^3.png"]);
    let own = open(&path);
    assert_eq!(own.ids, ["cat/0.png", "dog/0.png"]);
    assert_eq!(own.problems.len(), 3);
    assert!(own.problems.iter().all(|problem| problem.why.contains("leads out of the archive")));
    let (_keep, path) = archive(&["cat^0.png", "cat/0.png"]);
    let error = Source::open(&path, &Open::default()).unwrap_err().to_string();
    assert!(error.contains("two files of one name"), "{error}");
}

#[test]
fn what_cannot_be_used_is_named_with_a_remedy() {
    let own = open(folder(&["cat/0.png", "dog/1.png", "cat/raw.NEF", "dog/raw.dng"]).path());
    assert_eq!(own.ids.len(), 2, "the preview in a raw file is not the picture");
    assert!(
        own.problems.iter().all(|problem| problem.why.contains("make it JPEG or PNG")),
        "{:?}",
        own.problems
    );
    let (keep, path) = archive(&["data/cat/0.png", "data/dog/1.png", "data/dog/labels.csv"]);
    assert_note(&open(&path), "not read, as only those in the source's own folder are: data/dog/labels.csv");
    for name in ["pool.tar.gz", "pool.tgz", "pool.7z", "pool.rar", "pool.tar"] {
        let path = keep.path().join(name);
        fs::write(&path, "packed").unwrap();
        let error = Source::open(&path, &Open::default()).unwrap_err().to_string();
        assert!(error.contains("unpack it and name the folder"), "{error}");
    }
    #[cfg(unix)]
    {
        let own = open(folder(&["cat\\0.png", "dog\\1.png"]).path());
        assert_note(&own, "name the zip itself as the source");
    }
}

#[test]
fn links_and_names_of_another_code_page_in_an_archive_are_told() {
    let (keep, path) = archive(&["cafe/0.png", "tea/1.png"]);
    let mut bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() - 4 {
        if bytes[at..].starts_with(b"cafe") {
            // é by the code page of old DOS.
            bytes[at + 3] = 0x82;
        }
    }
    fs::write(&path, bytes).unwrap();
    let own = open(&path);
    assert_eq!(own.classes, ["café", "tea"]);
    assert_note(&own, "not UTF-8 were read as code page 437: 1");
    let mut zip =
        ZipWriter::new_append(fs::File::options().read(true).write(true).open(&path).unwrap()).unwrap();
    zip.add_symlink("tea/2.png", "1.png", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    let own = open(&path);
    assert_eq!((own.ids.len(), own.problems.len()), (2, 1));
    assert!(own.problems[0].why.contains("is a link; skipped; pack the file itself"), "{:?}", own.problems);
    drop(keep);
}

// --- Limits ----------------------------------------------------------------------------------------------------------

/// 37 bytes with a canvas of so many pixels.
fn gif(side: u16) -> Vec<u8> {
    let side = side.to_le_bytes();
    let head = [b"GIF89a", &side[..], &side, &[0x80, 0, 0, 0, 0, 0, 255, 255, 255]].concat();
    [&head[..], &[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b]].concat()
}

#[test]
fn a_picture_above_a_limit_is_skipped_and_named() {
    let source = folder(&["cat/0.png", "dog/1.png"]);
    fs::write(source.path().join("cat/bomb.gif"), gif(16_000)).unwrap();
    fs::write(source.path().join("cat/fine.gif"), gif(30)).unwrap();
    let own = open(source.path());
    assert_eq!(own.ids, ["cat/0.png", "cat/fine.gif", "dog/1.png"]);
    let [problem] = own.problems.as_slice() else { panic!("{:?}", own.problems) };
    assert_eq!(problem.what, "cat/bomb.gif");
    assert!(
        problem.why.starts_with("is too large, 16000×16000 pixels") && problem.why.ends_with("; skipped")
    );

    write(&source, "data.toml", "source = '.'\nmax_pixels = 100\n");
    let own = open(source.path());
    assert_eq!((own.ids.len(), own.problems.len()), (2, 2));
    assert!(own.problems[1].why.contains("30×30 pixels, and at most 100 are read"), "{:?}", own.problems);
}

#[test]
fn a_member_that_unpacks_to_more_than_the_limit_is_skipped() {
    let (folder, path) = archive(&["cat/0.png", "dog/1.png"]);
    let mut zip =
        ZipWriter::new_append(fs::File::options().read(true).write(true).open(&path).unwrap()).unwrap();
    zip.start_file("cat/bomb.png", SimpleFileOptions::default()).unwrap();
    zip.write_all(&vec![0; 3_000_000]).unwrap();
    zip.finish().unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 10_000);
    write(&folder, "pool.zip.data.toml", "source = 'pool.zip'\nmax_bytes = 2000000\n");
    let own = open(&path);
    assert_eq!(own.ids, ["cat/0.png", "dog/1.png"]);
    let why = &own.problems[0].why;
    assert!(
        why.contains("is too large, 3 MB, and at most 2 are read") && why.contains("`max_bytes`"),
        "{why}"
    );
}

// --- Values ----------------------------------------------------------------------------------------------------------

/// The first input of each sample as a byte.
fn bytes(own: &Source) -> Vec<f32> {
    let rows = (0..own.ids.len()).collect::<Vec<_>>();
    let inputs = own.inputs.inputs(&rows).unwrap();
    inputs.column(0).iter().map(|input| (input * 63.75 + 127.5).round()).collect()
}

fn deep(value: u16) -> Vec<u8> {
    encoded(&DynamicImage::ImageLuma16(ImageBuffer::<Luma<u16>, _>::from_pixel(3, 2, Luma([value]))))
}

#[test]
fn twelve_bits_in_a_file_of_sixteen_are_stretched_by_the_largest_value_of_all() {
    let source = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: Vec<u8>| fs::write(source.path().join(name), bytes).unwrap();
    put("a.png", deep(4095));
    put("b.png", deep(1000));
    put("c.png", encoded(&GrayImage::from_pixel(3, 2, Luma([200])).into()));
    let own = open(source.path());
    assert_eq!(bytes(&own), [255.0, 62.0, 200.0], "a picture of 8 bits stays");
    assert_note(&own, "use only 12 of them (the largest value is 4095)");
    let uncached = Source::open(source.path(), &Open { cache_bytes: 0, ..Open::default() }).unwrap();
    assert_eq!(bytes(&uncached), bytes(&own));

    write(&source, "data.toml", "source = '.'\nbits = 16\n");
    assert_eq!(bytes(&open(source.path())), [16.0, 4.0, 200.0]);
    fs::remove_file(source.path().join("data.toml")).unwrap();

    // One bright picture shows that the rest is dark.
    put("d.png", deep(60_000));
    let own = open(source.path());
    assert_eq!(bytes(&own), [16.0, 4.0, 200.0, 233.0]);
    assert!(!own.notes.iter().any(|note| note.contains("bits")), "{:?}", own.notes);
    for (value, bits) in [(255, 8), (1023, 10), (16_383, 14)] {
        ["a.png", "b.png", "d.png"].iter().for_each(|name| put(name, deep(value)));
        let own = open(source.path());
        assert_eq!(bytes(&own), [255.0, 255.0, 200.0, 255.0], "{bits}");
        assert_note(&own, &format!("use only {bits} of them"));
    }
}

#[test]
fn black_pictures_of_sixteen_bits_are_black() {
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("a.png"), deep(0)).unwrap();
    let own = open(source.path());
    assert_eq!((bytes(&own), own.notes.len()), (vec![0.0], 0));
}

#[test]
fn colour_becomes_grey_as_in_other_tools() {
    let source = tempfile::tempdir().unwrap();
    for (name, colour) in [("r.png", [255, 0, 0]), ("g.png", [0, 255, 0]), ("s.png", [0, 0, 255])] {
        let picture = encoded(&RgbImage::from_pixel(2, 2, Rgb(colour)).into());
        fs::write(source.path().join(name), picture).unwrap();
    }
    let image = "[image]\nsize = [2, 2]\nchannels = 1\nmean = [127.5]\nstd = [63.75]\n";
    write(&source, "data.toml", &format!("source = '.'\n{image}"));
    assert_eq!(bytes(&open(source.path())), [150.0, 76.0, 29.0]);
}
