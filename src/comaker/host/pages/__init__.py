"""The pages that anybody and customers see."""
