"""The admin pages, and what is stored, for the test to look at."""

from django.contrib import admin
from django.http import JsonResponse
from django.urls import path

from .models import Article


def stored(request):
    articles = [
        {"title": a.title, "text": len(a.text), "file": a.file.size if a.file else 0} for a in Article.objects.order_by("id")
    ]
    return JsonResponse({"articles": articles})


urlpatterns = [path("admin/", admin.site.urls), path("stored", stored)]
