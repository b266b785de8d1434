//! A few texts at once on the calling thread, for whoever has threads of their own.

use super::{Encoder, EncoderError, EncoderWorkspace, batches};

impl Encoder {
    /// The unit vectors of `texts` one after the other, on the calling thread. They stay in `workspace`
    /// until the next call and have the bits that [`encode`](Self::encode) gives.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode), if any of the texts gives no vector.
    pub fn encode_batch<'w>(
        &self,
        texts: &[&str],
        workspace: &'w mut EncoderWorkspace,
    ) -> Result<&'w [f32], EncoderError> {
        let tokens = texts.iter().map(|text| self.tokenize(text));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        let order: Vec<usize> = (0..tokens.len()).collect();
        workspace.vectors.clear();
        for batch in batches(&order, |index| tokens[index].len()) {
            let texts: Vec<&[u32]> = batch
                .iter()
                .map(|&index| tokens[index].as_slice())
                .collect();
            self.forward(&texts, &mut workspace.buffers, &mut workspace.vectors)?;
        }
        Ok(&workspace.vectors)
    }
}
