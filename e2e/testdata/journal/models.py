"""What the journal holds."""

from django.contrib import admin
from django.db import models


class Article(models.Model):
    title = models.CharField(max_length=100)
    text = models.TextField()
    file = models.FileField(blank=True)


admin.site.register(Article)
