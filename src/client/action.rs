//! The DynamoDB operations that the store uses.

/// Declares [`Action`] with DynamoDB's names of the operations.
macro_rules! actions {
    ($($action:ident),+ $(,)?) => {
        /// A DynamoDB operation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Action {
            $($action,)+
        }

        impl Action {
            /// DynamoDB's name of the operation.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$action => stringify!($action),)+
                }
            }

            /// The header `x-amz-target`.
            pub(crate) fn target(self) -> &'static str {
                match self {
                    $(Self::$action => concat!("DynamoDB_20120810.", stringify!($action)),)+
                }
            }
        }
    };
}

actions![
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
];

impl Action {
    /// Whether the operation changes stored data.
    pub(crate) fn is_write(self) -> bool {
        match self {
            Self::PutItem | Self::DeleteItem | Self::BatchWriteItem | Self::CreateTable | Self::UpdateTimeToLive => {
                true
            }
            Self::GetItem | Self::Scan | Self::BatchGetItem | Self::DescribeTable | Self::DescribeTimeToLive => false,
        }
    }
}
