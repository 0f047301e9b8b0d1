//! How our operators are written into the plans that a cluster passes round.

use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use super::operators::{Host, Operator};

/// What stands before an operator of ours. No message of the cluster's own begins so.
const MARK: &[u8] = b"lapwing1";

/// Knows our operators, and leaves all others to the cluster's own codec.
#[derive(Debug)]
pub(super) struct Codec {
    host: Host,
    others: BallistaPhysicalExtensionCodec,
}

impl Codec {
    /// Operators that are read get what `host` has.
    pub(super) fn new(host: Host) -> Self {
        Self { host, others: BallistaPhysicalExtensionCodec::default() }
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(work) = bytes.strip_prefix(MARK) else { return self.others.try_decode(bytes, inputs, context, converter) };
        let work = serde_json::from_slice(work).map_err(|error| DataFusionError::External(Box::new(error)))?;
        let [input] = inputs else { return Err(DataFusionError::Internal("an operator has one input".to_owned())) };
        Ok(Arc::new(Operator::new(work, Arc::clone(input), self.host.clone())))
    }

    fn try_encode(&self, node: Arc<dyn ExecutionPlan>, bytes: &mut Vec<u8>, converter: &dyn PhysicalProtoConverterExtension) -> Result<()> {
        let Some(operator) = node.downcast_ref::<Operator>() else { return self.others.try_encode(node, bytes, converter) };
        bytes.extend_from_slice(MARK);
        serde_json::to_writer(bytes, &operator.work).map_err(|error| DataFusionError::External(Box::new(error)))
    }
}
