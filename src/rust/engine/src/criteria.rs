//! What a fit is judged by when others have more or fewer parameters.

/// A number that weighs the log-likelihood against the parameters; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// `-2 loglik + df log(n)`: Schwarz (1978), *Estimating the dimension of a model*, Annals of
    /// Statistics 6.
    Bic,
    /// `BIC + 2 entropy`: Biernacki, Celeux and Govaert (2000), *Assessing a mixture model for
    /// clustering with the integrated completed likelihood*, IEEE Transactions on Pattern Analysis
    /// and Machine Intelligence 22.
    Icl,
    /// `-2 loglik + 2 df`: Akaike (1974), *A new look at the statistical model identification*,
    /// IEEE Transactions on Automatic Control 19.
    Aic,
    /// `AIC + 2 df (df + 1) / (n - df - 1)`, infinite where there are not so many rows: Hurvich and
    /// Tsai (1989), *Regression and time series model selection in small samples*, Biometrika 76.
    Aicc,
}

impl Criterion {
    /// Every criterion.
    pub const ALL: [Criterion; 4] = [
        Criterion::Bic,
        Criterion::Icl,
        Criterion::Aic,
        Criterion::Aicc,
    ];

    /// The letters that it is known by.
    pub fn name(self) -> &'static str {
        match self {
            Criterion::Bic => "BIC",
            Criterion::Icl => "ICL",
            Criterion::Aic => "AIC",
            Criterion::Aicc => "AICc",
        }
    }

    /// The criterion of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|criterion| criterion.name() == name)
    }

    /// Its value for a fit with `df` free parameters on `n` rows.
    pub fn value(self, loglik: f64, df: usize, n: usize, entropy: f64) -> f64 {
        let (df, n) = (df as f64, n as f64);
        let deviance = -2.0 * loglik;
        match self {
            Criterion::Bic => deviance + df * n.ln(),
            Criterion::Icl => deviance + df * n.ln() + 2.0 * entropy,
            Criterion::Aic => deviance + 2.0 * df,
            Criterion::Aicc if n - df - 1.0 <= 0.0 => f64::INFINITY,
            Criterion::Aicc => deviance + 2.0 * df + 2.0 * df * (df + 1.0) / (n - df - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_formulas() {
        let value = |criterion: Criterion| criterion.value(-100.0, 5, 50, 3.0);
        let bic = 200.0 + 5.0 * 50_f64.ln();
        assert_eq!(value(Criterion::Bic), bic);
        assert_eq!(value(Criterion::Icl), bic + 6.0);
        assert_eq!(value(Criterion::Aic), 210.0);
        assert_eq!(value(Criterion::Aicc), 210.0 + 60.0 / 44.0);
        assert_eq!(Criterion::Aicc.value(-1.0, 5, 6, 0.0), f64::INFINITY);
    }

    #[test]
    fn names_lead_back() {
        for criterion in Criterion::ALL {
            assert_eq!(Criterion::from_name(criterion.name()), Some(criterion));
        }
        assert_eq!(Criterion::from_name("bic"), None);
    }
}
