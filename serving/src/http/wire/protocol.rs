//! What clients of the Open Inference Protocol, of `MLflow` and of `SageMaker` send and are answered.
//!
//! The requests only describe what is read, as those of `/v1/score` do.

use std::collections::BTreeMap;

use lapwing_features::FeatureVector;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOf, Array, ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};

use super::Entry;

/// Most tensors of a request, or columns of a table: more than features and attributes together.
pub const MAX_COLUMNS: usize = 1_024;

/// Most outputs that are asked for: as many as there are.
pub const MAX_OUTPUTS: usize = 16;

/// Body of `POST /v2/models/{name}/infer`.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "parameters": {"as_of": "2011-09-06"},
    "inputs": [
        {"name": "purchases_count", "datatype": "FP64", "shape": [2], "data": [7, 1]},
        {"name": "days_since_last_purchase", "datatype": "FP64", "shape": [2], "data": [39.5, 200]},
    ],
    "outputs": [{"name": "churn_probability"}, {"name": "population"}],
}))]
pub struct InferRequest {
    /// Comes back in the answer.
    pub id: Option<String>,
    /// `as_of`, a date or RFC 3339, is the cutoff; the date of the fit when not given. Others are ignored.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<BTreeMap<String, String>>,
    /// A tensor of `[n]` for each feature, by its name; or one named `features`, of `[n, number of features]`, in the order that
    /// the model's metadata tells. Beside them `customer_id`, `population` and attributes, `[n]` each. At most 1000 rows.
    #[schema(min_items = 1, max_items = 1024)]
    pub inputs: Vec<InferInput>,
    /// Which outputs to answer with, in this order; all when not given.
    #[schema(max_items = 16)]
    pub outputs: Option<Vec<InferOutput>>,
}

/// A tensor of a request.
#[derive(Debug, ToSchema)]
pub struct InferInput {
    /// `features`, or the name of a feature or another column.
    pub name: String,
    /// `[n]`, or `[n, columns]`.
    #[schema(schema_with = shape_schema)]
    pub shape: Vec<u64>,
    /// A number's for features; `BYTES` and `BOOL` beside them.
    #[schema(schema_with = datatype_schema)]
    pub datatype: String,
    /// Ignored.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<BTreeMap<String, String>>,
    /// Row by row, nested as the shape says or flat; null where missing.
    #[schema(value_type = Vec<Object>, schema_with = data_schema)]
    pub data: Vec<f64>,
}

/// An output that is asked for.
#[derive(Debug, ToSchema)]
pub struct InferOutput {
    /// As the model's metadata tells.
    pub name: String,
    /// Ignored.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<BTreeMap<String, String>>,
}

/// Types of numbers that a tensor of features may have.
pub const NUMBERS: &[&str] = &["FP64", "FP32", "FP16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"];

fn shape_schema() -> Array {
    let length = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
    ArrayBuilder::new().items(length).min_items(Some(1)).max_items(Some(2)).description(Some("`[n]`, or `[n, columns]`.")).build()
}

fn datatype_schema() -> Object {
    let known: Vec<&str> = NUMBERS.iter().copied().chain(["BYTES", "BOOL"]).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(known)).build()
}

fn cell_schema() -> Object {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::String, Type::Boolean, Type::Null])).build()
}

fn row_schema() -> Array {
    ArrayBuilder::new().items(cell_schema()).build()
}

fn data_schema() -> Array {
    let either = AnyOf { items: vec![Schema::Object(cell_schema()).into(), Schema::Array(row_schema()).into()], ..AnyOf::new() };
    let text = "Row by row, nested as the shape says or flat; null where missing.";
    ArrayBuilder::new().items(RefOr::T(Schema::AnyOf(either))).description(Some(text)).build()
}

/// Answer of `POST /v2/models/{name}/infer`.
#[derive(Debug, Serialize, ToSchema)]
pub struct InferResponse {
    /// Always `churn`.
    pub model_name: &'static str,
    /// Who scored; where a challenger scored some of the rows, the output `model_version` tells which.
    pub model_version: String,
    /// As in the request; not there when it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// One value a row each.
    pub outputs: Vec<OutputTensor>,
}

/// A tensor of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutputTensor {
    /// What it tells.
    pub name: &'static str,
    /// `FP64` or `BYTES`.
    pub datatype: &'static str,
    /// `[n]`.
    pub shape: [usize; 1],
    /// A value for each row; null where it does not apply to the row's population.
    pub data: TensorData,
}

/// The values of a tensor.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TensorData {
    /// Of `FP64`.
    Numbers(Vec<Option<f64>>),
    /// Of `BYTES`.
    Texts(Vec<String>),
}

/// Answer of `GET /v2`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerMetadata {
    /// Always `lapwing`.
    pub name: &'static str,
    /// Of the program.
    pub version: &'static str,
    /// None.
    pub extensions: [&'static str; 0],
}

/// Answer of `GET /v2/models/{name}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelMetadata {
    /// Always `churn`.
    pub name: &'static str,
    /// Those that serve, the champion first.
    pub versions: Vec<String>,
    /// Always `lapwing`.
    pub platform: &'static str,
    /// `features`, and then each feature in the order that it has in there.
    pub inputs: Vec<TensorMetadata>,
    /// What is told of each row.
    pub outputs: Vec<TensorMetadata>,
}

/// A tensor that may be sent, or is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct TensorMetadata {
    /// Its name.
    pub name: &'static str,
    /// `FP64` or `BYTES`.
    pub datatype: &'static str,
    /// -1 is the number of rows.
    pub shape: Vec<i64>,
}

/// Whether the server lives.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Live {
    /// Always true.
    pub live: bool,
}

/// Whether the server is ready.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Always true; else the answer is a 503.
    pub ready: bool,
}

/// Whether a model is ready.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ModelReady {
    /// Always `churn`.
    pub name: &'static str,
    /// Always true; else the answer is a 503 or a 404.
    pub ready: bool,
}

/// Body of `POST /invocations`: a feature table in one of four forms, at most 1000 rows. Columns are features, `customer_id`,
/// `population` and attributes.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "dataframe_records": [{"customer_id": "12347", "purchases_count": 7, "days_since_last_purchase": 39.5}],
    "params": {"as_of": "2011-09-06"},
}))]
pub struct InvocationsRequest {
    /// As pandas writes it with `orient="split"`.
    pub dataframe_split: Option<SplitTable>,
    /// As pandas writes it with `orient="records"`.
    #[schema(value_type = Option<Vec<Object>>, min_items = 1, max_items = 1000)]
    pub dataframe_records: Option<Vec<f64>>,
    /// Rows: objects by column, or arrays of all features in the order of `/v1/models`.
    #[schema(schema_with = rows_schema, required = false)]
    pub instances: Option<Vec<f64>>,
    /// Columns by name, or rows that are arrays of all features in the order of `/v1/models`.
    #[schema(schema_with = inputs_schema, required = false)]
    pub inputs: Option<Vec<f64>>,
    /// What holds for all rows.
    pub params: Option<InvocationsParams>,
}

/// A table in rows under the names of its columns.
#[derive(Debug, ToSchema)]
pub struct SplitTable {
    /// Their names.
    #[schema(min_items = 1, max_items = 1024)]
    pub columns: Vec<String>,
    /// Ignored.
    #[schema(value_type = Option<Vec<Object>>, schema_with = index_schema, required = false)]
    pub index: Option<Vec<f64>>,
    /// A row for each customer, a value or null for each column.
    #[schema(schema_with = rows_of_cells_schema)]
    pub data: Vec<f64>,
}

/// What holds for all rows of a table.
#[derive(Debug, ToSchema)]
pub struct InvocationsParams {
    /// The cutoff: RFC 3339 or a date; the date of the fit when not given.
    pub as_of: Option<String>,
    /// How many contributions to tell of each customer, largest first; 5 when not given.
    #[schema(maximum = 1000)]
    pub explain: Option<u32>,
}

fn index_schema() -> Array {
    ArrayBuilder::new().items(cell_schema()).description(Some("Ignored.")).build()
}

fn rows_of_cells_schema() -> Array {
    ArrayBuilder::new().items(RefOr::T(Schema::Array(row_schema()))).min_items(Some(1)).max_items(Some(1000)).build()
}

fn features_row_schema() -> Array {
    let number = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Null])).build();
    ArrayBuilder::new().items(number).min_items(Some(FeatureVector::LEN)).max_items(Some(FeatureVector::LEN)).build()
}

fn rows_schema() -> Array {
    let record = ObjectBuilder::new().schema_type(Type::Object).build();
    let either = AnyOf { items: vec![Schema::Object(record).into(), Schema::Array(features_row_schema()).into()], ..AnyOf::new() };
    ArrayBuilder::new().items(RefOr::T(Schema::AnyOf(either))).min_items(Some(1)).max_items(Some(1000)).build()
}

fn inputs_schema() -> Schema {
    let columns = ObjectBuilder::new().schema_type(Type::Object).build();
    let rows = ArrayBuilder::new().items(RefOr::T(Schema::Array(features_row_schema()))).min_items(Some(1)).max_items(Some(1000)).build();
    Schema::AnyOf(AnyOf { items: vec![Schema::Object(columns).into(), Schema::Array(rows).into()], ..AnyOf::new() })
}

/// Answer of `POST /invocations`.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvocationsResponse<'a> {
    /// One entry for each row, as in `/v1/score`; `customer_id` is the number of the row, from 0, where the table has none.
    pub predictions: Vec<Entry<'a>>,
}
