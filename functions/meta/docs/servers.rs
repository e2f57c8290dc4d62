//! Where the two APIs are reached, as this caller came in: through the gateway's own host names, each API has one and its
//! stage is part of the path; through a custom domain, and locally, both are on one host and no stage is seen.

/// In every host name that API Gateway gives an API, and in no other.
const OWN_HOST: &str = ".execute-api.";

/// URLs that the paths of the two contracts are appended to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Servers {
    /// Of the Videos & Chat API, which this function belongs to: a path on the host that was asked.
    pub(crate) videos: String,
    /// Of the Jobs API, whose paths name its stage themselves: `/`, or another host.
    pub(crate) jobs: String,
}

impl Servers {
    /// `domain` and `stage` are what the gateway says about a request to the Videos & Chat API.
    pub(crate) fn of(domain: Option<&str>, stage: Option<&str>, jobs_api_id: Option<&str>) -> Self {
        let own_host = domain.and_then(|domain| Some((stage?, &domain[domain.find(OWN_HOST)?..])));
        match own_host {
            None => Self { videos: "/".to_owned(), jobs: "/".to_owned() },
            Some((stage, host)) => Self {
                videos: format!("/{stage}"),
                jobs: jobs_api_id.map_or_else(|| "/".to_owned(), |id| format!("https://{id}{host}")),
            },
        }
    }

    /// The origin of the Jobs API, if that is another than the one that was asked.
    pub(crate) fn other_origin(&self) -> Option<&str> {
        self.jobs.starts_with("https://").then_some(self.jobs.as_str())
    }
}
