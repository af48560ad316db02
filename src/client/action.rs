//! The operations that the store sends.

/// An operation of DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    GetItem,
    PutItem,
    DeleteItem,
    Scan,
    BatchGetItem,
    BatchWriteItem,
    DescribeTable,
    CreateTable,
    DescribeTimeToLive,
    UpdateTimeToLive,
}

impl Action {
    /// DynamoDB's name of it.
    pub(crate) fn name(self) -> &'static str {
        self.target().rsplit('.').next().unwrap_or_default()
    }

    /// Whether it changes what is stored.
    pub(crate) fn is_write(self) -> bool {
        match self {
            Self::PutItem | Self::DeleteItem | Self::BatchWriteItem | Self::CreateTable | Self::UpdateTimeToLive => {
                true
            }
            Self::GetItem | Self::Scan | Self::BatchGetItem | Self::DescribeTable | Self::DescribeTimeToLive => false,
        }
    }

    /// The header `x-amz-target`.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Self::GetItem => "DynamoDB_20120810.GetItem",
            Self::PutItem => "DynamoDB_20120810.PutItem",
            Self::DeleteItem => "DynamoDB_20120810.DeleteItem",
            Self::Scan => "DynamoDB_20120810.Scan",
            Self::BatchGetItem => "DynamoDB_20120810.BatchGetItem",
            Self::BatchWriteItem => "DynamoDB_20120810.BatchWriteItem",
            Self::DescribeTable => "DynamoDB_20120810.DescribeTable",
            Self::CreateTable => "DynamoDB_20120810.CreateTable",
            Self::DescribeTimeToLive => "DynamoDB_20120810.DescribeTimeToLive",
            Self::UpdateTimeToLive => "DynamoDB_20120810.UpdateTimeToLive",
        }
    }
}
