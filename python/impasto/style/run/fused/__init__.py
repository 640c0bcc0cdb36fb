"""`StyleTransformer` on a GPU in half precision: convolutions of torch, all between them in kernels of Triton."""
