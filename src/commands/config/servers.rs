use super::file::{Configured, Reference, Server, Whereabouts};
use crate::commands::keys::{self, Kind};
use crate::commands::servers::{Input, Manner, Minting};
use crate::commands::stop::{Stop, usage};
use crate::probes::gather::ServerSpec;
use crate::proto::auth::Credentials;
use crate::view::escape::visible;
use crate::view::ui::Ui;
use crate::wire::uri::{self, IceUri};

/// The servers, and for each host that stands for several transports: those.
pub type Servers = (Vec<ServerSpec>, Vec<Vec<IceUri>>);

impl Configured {
    /// The servers with their credentials; those for everybody, from the command line or the
    /// environment, come before the file's.
    pub fn servers(
        &self,
        manner: Manner,
        everyone: Option<&Credentials>,
        minting: &Minting<'_>,
        ui: &mut Ui,
    ) -> Result<Servers, Stop> {
        let (mut servers, mut hosts) = (Vec::new(), Vec::new());
        for server in &self.servers {
            let at = |stop: Stop| Stop::Usage(format!("{}: {}", server.place, stop.sentence()));
            let mut uris = Vec::new();
            for url in &server.urls {
                uris.push(keys::server(Kind::Uri, url, ui).map_err(at)?);
            }
            if let Some(host) = &server.host {
                let uri = keys::server(Kind::Turn, host, ui).map_err(at)?;
                match manner.spread && !uri::has_scheme(host) {
                    true => {
                        uris = keys::every_transport(&uri);
                        hosts.push(uris.clone());
                    }
                    false => uris.push(uri),
                }
            }
            let turn = uris.iter().find(|uri| uri.scheme.is_turn());
            let credentials = match (turn, everyone) {
                (None, _) => None,
                (Some(_), Some(everyone)) => Some(everyone.clone()),
                (Some(uri), None) => match server.credentials(minting)? {
                    None if !manner.anonymous => {
                        return usage(format!(
                            "{}: {uri} needs a username and credential-env or credential-file, or secret-env or \
                             secret-file",
                            server.place
                        ));
                    }
                    credentials => credentials,
                },
            };
            servers.extend(uris.into_iter().map(|uri| {
                let credentials = credentials.clone().filter(|_| uri.scheme.is_turn());
                ServerSpec { uri, credentials }
            }));
        }
        Ok((servers, hosts))
    }
}

impl Server {
    fn credentials(&self, minting: &Minting<'_>) -> Result<Option<Credentials>, Stop> {
        let place = &self.place;
        let Some(reference) = &self.password else {
            return match self.username {
                None => Ok(None),
                Some(_) => usage(format!("{place}: there is a username without credential-env or credential-file")),
            };
        };
        let is_secret = reference.key.starts_with("secret");
        match &self.username {
            Some(_) if is_secret => usage(format!(
                "{place}: username and {} do not go together, because a secret makes its own user names; user-id \
                 puts a name into them",
                reference.key
            )),
            None if !is_secret => usage(format!("{place}: there is {} without a username", reference.key)),
            Some(username) => keys::checked(username.clone(), self.password(reference)?, place).map(Some),
            None => {
                let secret = self.password(reference)?;
                if secret.is_empty() {
                    return usage(format!("{place}: the secret of {} is empty", reference.key));
                }
                let (username, password) = minting.of(self.ttl, self.user_id.as_deref()).mint(&secret);
                keys::checked(username, password, place).map(Some)
            }
        }
    }

    fn password(&self, reference: &Reference) -> Result<String, Stop> {
        match &reference.whereabouts {
            Whereabouts::Variable(_, Some(text)) => Ok(text.clone()),
            Whereabouts::Variable(name, None) => usage(format!(
                "{}: {} names the variable {}, which is not set",
                self.place,
                reference.key,
                visible(name)
            )),
            Whereabouts::File(path) => Input::default()
                .password(reference.key, path)
                .map_err(|stop| Stop::Usage(format!("{}: {}", self.place, stop.sentence()))),
        }
    }
}
