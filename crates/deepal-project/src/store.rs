//! The file of a project: append-only events in SQLite, each durable before it counts.

mod lock;
mod rows;

use crate::answer::EventId;
use crate::events_check;
use crate::fold::{Event, What};
use crate::setup::Setup;
use deepal_data::Error as DataError;
use deepal_engine::{Error, Result};
use lock::Lock;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The name of the file in the folder of a project.
pub const FILE: &str = "project.sqlite";
/// Of a file that is being made.
const UNFINISHED: &str = "project.sqlite.new";
/// `dpal`, by which SQLite's tools know what the file is.
const APPLICATION: i32 = 0x6470_616c;
/// The version of the tables.
const VERSION: i32 = 1;
/// How long another process may take for its transaction.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tables, and views for whoever looks at the file with a tool of theirs.
const SCHEMA: &str = include_str!("store/schema.sql");

/// An open project file.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    /// Held by the one process that writes.
    lock: Option<Lock>,
}

impl Store {
    /// Makes the file of a new project, whole or not at all, and opens it to write.
    pub(crate) fn create(folder: &Path, setup: &Setup, events: Vec<What>) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|cause| DataError::Write { path: folder.into(), cause })?;
        let lock = Lock::take(folder)?;
        let path = folder.join(FILE);
        if path.exists() {
            return Err(Error::Setting(format!(
                "`{}` is a project already; use it, or name another folder",
                folder.display()
            )));
        }
        let new = folder.join(UNFINISHED);
        let failed = |cause| DataError::Write { path: new.clone(), cause };
        if new.exists() {
            std::fs::remove_file(&new).map_err(failed)?;
        }
        let connection = Connection::open(&new).map_err(|error| cannot_write(&new, error))?;
        let mut store = Self { connection, path: new.clone(), lock: Some(lock) };
        store.build(setup).map_err(|error| cannot_write(&new, error))?;
        store.append(events, None)?;
        let Self { connection, lock, .. } = store;
        connection.close().map_err(|(_, error)| cannot_write(&new, error))?;
        std::fs::rename(&new, &path).map_err(failed)?;
        Self::connect(&path)?.writing(lock)
    }

    fn build(&self, setup: &Setup) -> rusqlite::Result<()> {
        let json = serde_json::to_string(setup)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        self.connection.pragma_update(None, "synchronous", "EXTRA")?;
        self.connection.execute_batch(SCHEMA)?;
        self.connection.execute("INSERT INTO setup (json) VALUES (?1)", [json])?;
        self.connection.pragma_update(None, "application_id", APPLICATION)?;
        self.connection.pragma_update(None, "user_version", VERSION)
    }

    /// Opens a project to write.
    ///
    /// # Errors
    /// Another process has it open to write, or as [`read`](Self::read).
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let store = Self::read(folder)?;
        let lock = Lock::take(folder)?;
        store.writing(Some(lock))
    }

    /// Opens a project to look at it, while another process may write.
    ///
    /// # Errors
    /// No project, one of a newer version, or a damaged file.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        if !path.is_file() {
            let why = format!("has no `{FILE}`, so it is no project; `deepal init SOURCE` makes one");
            return Err(DataError::Unfit { path: folder.into(), why }.into());
        }
        Self::connect(&path)
    }

    /// The same, for the process that has the lock.
    fn writing(mut self, lock: Option<Lock>) -> Result<Self> {
        let pragma = self.connection.pragma_update(None, "query_only", false);
        pragma.map_err(|error| cannot_write(&self.path, error))?;
        self.lock = lock;
        Ok(self)
    }

    fn connect(path: &Path) -> Result<Self> {
        // What a killed process left half-done is rolled back even for those who only look.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connect = || {
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(PATIENCE)?;
            let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
            let kind = (number("application_id")?, number("user_version")?);
            Ok((connection, kind))
        };
        let (connection, (application, version)) = connect().map_err(|error| cannot_read(path, error))?;
        let unfit = |why: String| Err(DataError::Unfit { path: path.into(), why }.into());
        if application != APPLICATION {
            return unfit(
                "is no project of deepal; it is another kind of SQLite file, or was cut short".into(),
            );
        }
        if version > VERSION {
            return unfit(format!(
                "was written by a newer deepal (format {version}, and this one knows {VERSION}); it is left as it is: update deepal"
            ));
        }
        let check = |connection: &Connection| {
            connection.pragma_update(None, "synchronous", "EXTRA")?;
            connection.pragma_update(None, "query_only", true)?;
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
        };
        match check(&connection) {
            Ok(found) if found == "ok" => Ok(Self { connection, path: path.into(), lock: None }),
            Ok(found) => Err(damaged(path, &found)),
            Err(error) => Err(cannot_read(path, error)),
        }
    }

    /// What the project is about.
    pub(crate) fn setup(&self) -> Result<Setup> {
        let json = self.connection.query_row("SELECT json FROM setup", [], |row| row.get::<_, String>(0));
        let json = json.map_err(|error| cannot_read(&self.path, error))?;
        serde_json::from_str(&json).map_err(|error| damaged(&self.path, &format!("setup: {error}")))
    }

    /// All events, in their order.
    pub(crate) fn events(&self) -> Result<Vec<Event>> {
        let read = || {
            let mut statement = self.connection.prepare(
                "SELECT id, at, annotator, action, item, class, text, millis, asked_by, undoes, data FROM events ORDER BY id",
            )?;
            let events = statement.query_map([], rows::read)?;
            events.collect::<rusqlite::Result<Vec<_>>>()
        };
        let events = read().map_err(|error| cannot_read(&self.path, error))?;
        let events = events.into_iter().collect::<Result<Vec<_>, _>>();
        let checked = events.and_then(|events| events_check::check(&events).map(|()| events));
        checked.map_err(|why| damaged(&self.path, &why))
    }

    /// The class that the newest net of the rounds predicts for each sample, of so many classes.
    pub(crate) fn predictions(&self, n_classes: usize) -> Result<Vec<(String, u32)>> {
        let read = || {
            let mut statement = self.connection.prepare("SELECT item, class FROM predictions")?;
            let pairs = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            pairs.collect::<rusqlite::Result<Vec<_>>>()
        };
        let pairs = read().map_err(|error| cannot_read(&self.path, error))?;
        match pairs.iter().find(|(_, class)| *class as usize >= n_classes) {
            Some((item, class)) => {
                let why = format!("the prediction of `{item}` is class {class}, and there are {n_classes}");
                Err(damaged(&self.path, &why))
            }
            None => Ok(pairs),
        }
    }

    /// Records what happened, and with it new predictions, all or nothing; it is on disk when this returns.
    ///
    /// # Errors
    /// A project that is open to be looked at only, or a file that cannot be written; nothing is recorded then.
    pub(crate) fn append(
        &mut self,
        what: Vec<What>,
        predictions: Option<&[(String, u32)]>,
    ) -> Result<Vec<Event>> {
        if self.lock.is_none() {
            let why = "is open to be looked at only; open it to write".into();
            return Err(DataError::Unfit { path: self.path.clone(), why }.into());
        }
        let at = now();
        let (connection, path) = (&mut self.connection, &self.path);
        let write = || {
            let transaction = connection.transaction()?;
            let mut events = Vec::with_capacity(what.len());
            for what in what {
                let id = rows::write(&transaction, at, &what)?;
                events.push(Event { id, at, what });
            }
            if let Some(predictions) = predictions {
                transaction.execute("DELETE FROM predictions", [])?;
                let mut insert =
                    transaction.prepare("INSERT INTO predictions (item, class) VALUES (?1, ?2)")?;
                for (item, class) in predictions {
                    insert.execute(params![item, class])?;
                }
            }
            transaction.commit()?;
            Ok(events)
        };
        write().map_err(|error| cannot_write(path, error))
    }
}

/// Milliseconds since 1970.
fn now() -> EventId {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn cannot_write(path: &Path, error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => io::ErrorKind::PermissionDenied,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            return damaged(path, &error.to_string());
        }
        _ => io::ErrorKind::Other,
    };
    let why = format!("{error}; nothing of this is recorded, all before it is");
    DataError::Write { path: path.into(), cause: io::Error::new(kind, why) }.into()
}

fn cannot_read(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, &error.to_string()),
        _ => DataError::Read { path: path.into(), cause: io::Error::other(error) }.into(),
    }
}

fn damaged(path: &Path, why: &str) -> Error {
    let why = format!(
        "is damaged or cut short ({why}); put back a copy of it, or save what is left with `sqlite3 {FILE} .recover` into a new file"
    );
    DataError::Unfit { path: path.into(), why }.into()
}
