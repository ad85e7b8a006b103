//! What a caller says about a project that may be there already.

use crate::project::Project;
use crate::setup::Setup;
use deepal_core::{Spec, strategy};
use deepal_engine::text::other_name;
use deepal_engine::{Monitor, Pretrained, Result};
use std::path::Path;

/// What a caller wants of a project; what is left out is as it is there, or the default of a new one.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The names of the classes; of a project that is there, some of its classes.
    pub classes: Vec<String>,
    /// The net, with settings as in `head(width=64)`.
    pub net: Option<String>,
    /// The strategy, with settings as in `bald(passes=50)`.
    pub strategy: Option<String>,
    /// A pretrained net whose embeddings take the place of the samples.
    pub model: Option<Pretrained>,
    /// How many questions a batch has.
    pub batch: Option<usize>,
    /// The share of questions that are drawn at random, 0 to 0.5.
    pub audit: Option<f64>,
    /// The seed of all that is random.
    pub seed: Option<u64>,
}

/// A setting that a project has otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// The name of the setting, as in [`Wanted`].
    pub setting: &'static str,
    /// What the project has, such as "the strategy auto".
    pub there: String,
}

impl Wanted {
    /// Makes a project about a source in a new folder.
    ///
    /// # Errors
    /// As [`Project::create`].
    pub fn create(&self, folder: &Path, source: &Path, monitor: Monitor<'_>) -> Result<Project> {
        let mut setup = Setup::new(source, self.classes.clone());
        setup.net.clone_from(&self.net);
        setup.model.clone_from(&self.model);
        setup.strategy = self.strategy.clone().unwrap_or(setup.strategy);
        setup.batch = self.batch.unwrap_or(setup.batch);
        setup.audit = self.audit.unwrap_or(setup.audit);
        setup.seed = self.seed.unwrap_or(setup.seed);
        if let Some(note) = other_name(&setup.strategy) {
            monitor.note(&note);
        }
        Project::create(folder, &setup, monitor)
    }

    /// The project about a source, in `folder` or beside the source: the one that is there, with the first setting that it has otherwise, or
    /// a new one.
    ///
    /// # Errors
    /// As [`create`](Self::create), [`Project::open`] and [`Project::check_about`].
    pub fn open_or_create(
        &self,
        source: &Path,
        folder: Option<&Path>,
        monitor: Monitor<'_>,
    ) -> Result<(Project, Option<Differs>)> {
        let Some(found) = Project::find(folder.unwrap_or(source)) else {
            let folder = folder.map_or_else(|| Project::folder_for(source), Path::to_path_buf);
            return Ok((self.create(&folder, source, monitor)?, None));
        };
        let project = Project::open(&found, monitor)?;
        project.check_about(source)?;
        let differs = self.differs(&project);
        Ok((project, differs))
    }

    /// The first setting that a project has otherwise; `None` if it is what is wanted.
    pub fn differs(&self, project: &Project) -> Option<Differs> {
        let (setup, state) = (project.setup(), project.state());
        let differs = |setting, there| Some(Differs { setting, there });
        if !self.classes.iter().all(|name| state.classes.iter().any(|class| class.name == *name)) {
            return differs("classes", format!("the classes {}", state.class_names().join(", ")));
        }
        if self.strategy.as_ref().is_some_and(|strategy| !is_same(strategy, &setup.strategy)) {
            return differs("strategy", format!("the strategy {}", setup.strategy));
        }
        if self.net.is_some() && self.net != setup.net {
            let net = setup.net.as_deref().unwrap_or("that suits the data");
            return differs("net", format!("the net {net}"));
        }
        if self.batch.is_some_and(|batch| batch != setup.batch) {
            return differs("batch", format!("batches of {}", setup.batch));
        }
        if self.audit.is_some_and(|audit| audit != setup.audit) {
            return differs("audit", format!("a share of {} drawn at random", setup.audit));
        }
        if self.seed.is_some_and(|seed| seed != setup.seed) {
            return differs("seed", format!("the seed {}", setup.seed));
        }
        if self.model.is_some() && self.model != setup.model {
            let model =
                setup.model.as_ref().map(|model| format!("the pretrained net `{}`", model.path.display()));
            return differs("model", model.unwrap_or_else(|| "no pretrained net".into()));
        }
        None
    }
}

/// Whether two texts mean the same strategy.
fn is_same(a: &str, b: &str) -> bool {
    let canonical = |text: &str| strategy::canonical(&text.parse::<Spec>().ok()?).ok();
    a == b || canonical(a).is_some_and(|spec| canonical(b) == Some(spec))
}
