//! What can be tuned. The defaults are what validation and cross-validation chose.

/// Settings of one training.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The hashed table has two to this power rows.
    pub(crate) bits: u32,
    /// A row seen in fewer examples gets no weight.
    pub(crate) least_seen: u32,
    /// The ridge on hashed weights.
    pub(crate) ridge: f32,
    /// The ridge on dense weights.
    pub(crate) dense_ridge: f32,
    /// The most steps of the optimiser.
    pub(crate) steps: usize,
    /// How many folds judge from outside, for calibration and report; none for a quick look.
    pub(crate) folds: usize,
    /// The weight of a neutral Indonesian example.
    pub(crate) neutral_id: f32,
    /// The weight of a negative Indonesian example.
    pub(crate) negative_id: f32,
    /// The weight of an English example.
    pub(crate) english: f32,
    /// What a neutral English example weighs more.
    pub(crate) neutral_en: f32,
    /// What a negative English example weighs more.
    pub(crate) negative_en: f32,
    /// The weight of one of our own comments.
    pub(crate) own: f32,
    /// The weight of a contrast made of two of them.
    pub(crate) contrast: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bits: 18,
            least_seen: 3,
            ridge: 3e-5,
            dense_ridge: 2e-3,
            steps: 100,
            folds: 5,
            neutral_id: 5.0,
            negative_id: 1.7,
            english: 0.7,
            neutral_en: 3.0,
            negative_en: 2.0,
            own: 2.0,
            contrast: 0.5,
        }
    }
}

impl Settings {
    /// Changes one setting, given as `name=value`.
    pub(crate) fn set(&mut self, assignment: &str) -> Result<(), String> {
        let wrong = || format!("{assignment:?} is no setting");
        let (name, value) = assignment.split_once('=').ok_or_else(wrong)?;
        let number: f32 = value.parse().map_err(|_| wrong())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts typed by a person"
        )]
        let count = number as u32;
        match name {
            "bits" => self.bits = count,
            "least_seen" => self.least_seen = count,
            "ridge" => self.ridge = number,
            "dense_ridge" => self.dense_ridge = number,
            "steps" => self.steps = count as usize,
            "folds" => self.folds = count as usize,
            "neutral_id" => self.neutral_id = number,
            "negative_id" => self.negative_id = number,
            "english" => self.english = number,
            "neutral_en" => self.neutral_en = number,
            "negative_en" => self.negative_en = number,
            "own" => self.own = number,
            "contrast" => self.contrast = number,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
