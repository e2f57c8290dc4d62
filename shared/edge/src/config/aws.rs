//! What the provider `aws` asks.

use domain::prices::{NOVA_2_LITE, TITAN_EMBED_V2};
use domain::provider::Model;

use super::ConfigError;

/// Models on Bedrock, and what else of AWS looks at pictures.
#[derive(Debug, Clone)]
pub struct Aws {
    /// Where Bedrock is asked; none for the region of the function.
    pub bedrock_region: Option<String>,
    /// The model or inference profile that describes.
    pub vision_model: Model,
    /// The model that embeds.
    pub embed_model: Model,
    /// The model or inference profile that answers.
    pub chat_model: Model,
    /// Whether Rekognition's labels are added to the boxes of descriptions.
    pub detect_labels: bool,
}

impl Aws {
    pub(super) fn of(
        bedrock_region: Option<String>,
        [vision, embed, chat]: [Option<String>; 3],
        detect_labels: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let model = |name: Option<String>, usual: &str| Model(name.unwrap_or_else(|| usual.to_owned()));
        let detect_labels = match detect_labels {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                let problem = "must be true or false".to_owned();
                return Err(ConfigError { variable: "DETECT_LABELS", problem });
            }
        };
        Ok(Self {
            bedrock_region,
            vision_model: model(vision, NOVA_2_LITE),
            embed_model: model(embed, TITAN_EMBED_V2),
            chat_model: model(chat, NOVA_2_LITE),
            detect_labels,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_left_out_are_the_models_of_the_price_list() {
        let aws = Aws::of(None, [None, None, Some("us.amazon.nova-2-lite-v1:0".to_owned())], None).unwrap();
        let models = [aws.vision_model.0, aws.embed_model.0, aws.chat_model.0];
        assert_eq!(models, [NOVA_2_LITE, TITAN_EMBED_V2, "us.amazon.nova-2-lite-v1:0"]);
        assert!(!aws.detect_labels && Aws::of(None, [None, None, None], Some("true")).unwrap().detect_labels);
        let error = Aws::of(None, [None, None, None], Some("yes")).unwrap_err();
        assert_eq!(error.to_string(), "DETECT_LABELS must be true or false");
    }
}
